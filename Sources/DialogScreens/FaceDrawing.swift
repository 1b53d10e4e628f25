import Drawing

extension Face {
    /// A disc, a ring, two eyes and a mouth whose bend is the only thing that the expression changes.
    func draw(on canvas: borrowing Canvas) {
        let size = Double(min(bounds.width, bounds.height))
        let line = max(1.5, size * 0.05)
        let radius = size / 2 - line / 2
        let (x, y) = (bounds.centerX, bounds.centerY)
        canvas.fillEllipse(centerX: x, centerY: y, radiusX: radius, radiusY: radius, color: fill)
        canvas.strokeCircle(centerX: x, centerY: y, radius: radius, lineWidth: line, color: ink)
        for side in [-1.0, 1.0] {
            canvas.fillEllipse(
                centerX: x + side * size * 0.165, centerY: y - size * 0.115, radiusX: size * 0.05,
                radiusY: size * 0.075, color: ink)
        }
        canvas.stroke(mouth(size: size), lineWidth: line * 1.15, color: ink)
    }

    private func mouth(size: Double) -> Path {
        let bend = Double(max(-2, min(2, expression))) / 2
        let half = size * (0.2 + 0.05 * abs(bend))
        let depth = size * 0.27 * bend
        // The mouth keeps its middle where it is, so that all faces look at the visitor from the same height.
        let level = bounds.centerY + size * 0.2 - depth * 0.36
        var path = Path()
        path.move(bounds.centerX - half, level)
        path.curve(
            bounds.centerX - half * 0.68, level + depth, bounds.centerX + half * 0.68, level + depth,
            to: bounds.centerX + half, level)
        return path
    }
}
