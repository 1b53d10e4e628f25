import Drawing

extension LayoutLinter {
    func checkContrast(_ scene: Scene, _ report: inout Report) {
        for (index, element) in scene.elements.enumerated() {
            let grounds = Self.grounds(under: element.bounds, before: index, in: scene)
            switch element {
            case .text(let block):
                check(
                    .textContrast, "“\(block.text)”", colors: [block.color], against: grounds,
                    required: LayoutRules.leastTextContrast, &report)
            case .face(let face):
                // The ring touches both what is in it and what is around it; eyes and mouth stand on the disc.
                check(
                    .graphicsContrast, "face \(face.expression)", colors: [face.ink], against: grounds + [face.fill],
                    required: LayoutRules.leastGraphicsContrast, &report)
            case .pictogram(let pictogram):
                check(
                    .graphicsContrast, "\(pictogram.kind)", colors: [pictogram.ink],
                    against: grounds + [pictogram.ground], required: LayoutRules.leastGraphicsContrast, &report)
            case .panel(let panel) where panel.role == .key:
                // A key is seen by its area or by its outline.
                check(
                    .graphicsContrast, "key at \(panel.bounds.x),\(panel.bounds.y)",
                    colors: [panel.fill] + (panel.border.map { [$0.color] } ?? []), against: grounds,
                    required: LayoutRules.leastGraphicsContrast, &report)
            case .panel: break
            }
        }
    }

    /// Reports when no colour stands out enough from one of the grounds.
    private func check(
        _ rule: LayoutViolation.Rule, _ subject: String, colors: [Color], against grounds: [Color], required: Double,
        _ report: inout Report
    ) {
        let ratios = grounds.map { ground in colors.map { Contrast.ratio($0, ground) }.max() ?? 1 }
        guard let worst = ratios.min(), worst < required else { return }
        report.add(rule, subject, measured: worst, required: required)
    }

    /// The colours that can be seen around an element: of all panels painted before it that reach under it, down to
    /// the first that holds it whole.
    private static func grounds(under bounds: PixelRect, before index: Int, in scene: Scene) -> [Color] {
        var colors: [Color] = []
        let onScreen = bounds.intersection(PixelRect(x: 0, y: 0, width: scene.width, height: scene.height))
        for element in scene.elements[..<index].reversed() {
            guard case .panel(let panel) = element, panel.bounds.intersects(onScreen) else { continue }
            colors.append(panel.fill)
            if panel.bounds.contains(onScreen) { break }
        }
        return colors
    }
}
