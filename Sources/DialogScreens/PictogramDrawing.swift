import Drawing
import Glibc

extension Pictogram {
    func draw(on canvas: borrowing Canvas) {
        let pen = Pen(bounds: bounds)
        switch kind {
        case .touch: drawTouch(pen, on: canvas)
        case .done:
            canvas.fillEllipse(
                centerX: pen.x(50), centerY: pen.y(50), radiusX: pen.length(50), radiusY: pen.length(50), color: ink)
            canvas.stroke(pen.lines([(29, 52), (44, 67), (72, 36)]), lineWidth: pen.length(8), color: ground)
        case .attention:
            drawRing(pen, on: canvas)
            canvas.stroke(pen.lines([(50, 27), (50, 56)]), lineWidth: pen.length(9), color: ink)
            canvas.fillEllipse(
                centerX: pen.x(50), centerY: pen.y(73), radiusX: pen.length(5.5), radiusY: pen.length(5.5),
                color: ink)
        case .pause:
            drawRing(pen, on: canvas)
            for x in [40.0, 60.0] {
                canvas.stroke(pen.lines([(x, 35), (x, 65)]), lineWidth: pen.length(9), color: ink)
            }
        case .technician:
            canvas.stroke(pen.lines([(18, 82), (58, 42)]), lineWidth: pen.length(17), color: ink)
            canvas.stroke(
                pen.arc(centerX: 68, centerY: 32, radius: 19, from: -10, to: 280), lineWidth: pen.length(14), color: ink
            )
        }
    }

    private func drawRing(_ pen: Pen, on canvas: borrowing Canvas) {
        canvas.strokeCircle(
            centerX: pen.x(50), centerY: pen.y(50), radius: pen.length(46), lineWidth: pen.length(7), color: ink)
    }

    /// Two waves around the tip of a forefinger.
    private func drawTouch(_ pen: Pen, on canvas: borrowing Canvas) {
        for radius in [16.0, 27.0] {
            canvas.stroke(
                pen.arc(centerX: 43, centerY: 29, radius: radius, from: 152, to: 388), lineWidth: pen.length(4),
                color: ink)
        }
        var hand = Path()
        hand.move(pen.x(36), pen.y(62))
        hand.line(pen.x(36), pen.y(30))
        pen.curve(&hand, (36, 20.5), (50, 20.5), (50, 30))
        hand.line(pen.x(50), pen.y(51))
        pen.curve(&hand, (50, 43.5), (63, 43.5), (63, 52))
        hand.line(pen.x(63), pen.y(54))
        pen.curve(&hand, (63, 47), (75, 47), (75, 55.5))
        hand.line(pen.x(75), pen.y(58))
        pen.curve(&hand, (75, 51.5), (86, 51.5), (86, 60))
        hand.line(pen.x(86), pen.y(76))
        pen.curve(&hand, (86, 88), (82, 92), (79, 98))
        hand.line(pen.x(44), pen.y(98))
        pen.curve(&hand, (41, 90), (32, 84), (22, 70))
        pen.curve(&hand, (17.5, 63), (25.5, 57.5), (31, 63.5))
        hand.line(pen.x(36), pen.y(69))
        hand.close()
        canvas.fill(hand, color: ground)
        canvas.stroke(hand, lineWidth: pen.length(4), color: ink)
        for (x, top) in [(50.0, 51.0), (63.0, 54.0), (75.0, 58.0)] {
            canvas.stroke(pen.lines([(x, top), (x, 67)]), lineWidth: pen.length(4), color: ink)
        }
    }
}

/// Coordinates of 0 … 100 laid over a square.
private struct Pen {
    var bounds: PixelRect
    private var scale: Double { Double(bounds.width) / 100 }

    init(bounds: PixelRect) { self.bounds = bounds }

    func x(_ value: Double) -> Double { Double(bounds.x) + value * scale }
    func y(_ value: Double) -> Double { Double(bounds.y) + value * scale }
    func length(_ value: Double) -> Double { value * scale }

    func lines(_ points: [(Double, Double)]) -> Path {
        var path = Path()
        for (index, point) in points.enumerated() {
            if index == 0 { path.move(x(point.0), y(point.1)) } else { path.line(x(point.0), y(point.1)) }
        }
        return path
    }

    func curve(_ path: inout Path, _ first: (Double, Double), _ second: (Double, Double), _ end: (Double, Double)) {
        path.curve(x(first.0), y(first.1), x(second.0), y(second.1), to: x(end.0), y(end.1))
    }

    /// Degrees, clockwise from the right.
    func arc(centerX: Double, centerY: Double, radius: Double, from: Double, to: Double) -> Path {
        let pieces = 8
        let step = (to - from) / Double(pieces) * .pi / 180
        // The length of the control arms that makes a Bézier curve follow a circle.
        let arm = 4 / 3 * tan(step / 4) * radius
        var path = Path()
        for index in 0..<pieces {
            let a = from * .pi / 180 + Double(index) * step
            let b = a + step
            let start = (centerX + radius * cos(a), centerY + radius * sin(a))
            let end = (centerX + radius * cos(b), centerY + radius * sin(b))
            if index == 0 { path.move(x(start.0), y(start.1)) }
            curve(
                &path, (start.0 - arm * sin(a), start.1 + arm * cos(a)), (end.0 + arm * sin(b), end.1 - arm * cos(b)),
                end)
        }
        return path
    }
}
