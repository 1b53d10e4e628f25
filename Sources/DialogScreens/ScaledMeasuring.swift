import Drawing

extension Typesetter {
    /// The em at which texts are measured while sizes are being sought. Without hinting a text grows in proportion to
    /// its letters, and loading the fonts at one more size costs more than a hundred measurements.
    static let referenceSize = 40.0

    /// What a text would take up in a style, measured at the reference size.
    func estimate(_ text: String, style: TextStyle, width: Int? = nil) -> TextMetrics {
        let scale = style.pixelSize / Self.referenceSize
        var reference = style
        reference.pixelSize = Self.referenceSize
        // Half a pixel is taken off and one added below, so that what fits here fits at the real size too.
        var metrics = measure(text, style: reference, width: width.map { Int((Double($0) - 0.5) / scale) })
        metrics.width = Int((Double(metrics.width) * scale).rounded(.up)) + 1
        metrics.height = Int((Double(metrics.height) * scale).rounded(.up)) + 1
        return metrics
    }
}
