/// A place on the picture, 0…1 from the left and from the top.
public struct Point: Equatable, Sendable {
    public var x: Double
    public var y: Double

    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// libinput's calibration: x′ = a·x + b·y + c, y′ = d·x + e·y + f on coordinates normalised to 0…1, row by row
/// (libinput's LIBINPUT_CALIBRATION_MATRIX, "a b c d e f").
public struct CalibrationMatrix: Equatable, Sendable {
    public var a, b, c, d, e, f: Double

    public init(_ a: Double, _ b: Double, _ c: Double, _ d: Double, _ e: Double, _ f: Double) {
        (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
    }

    public static let identity = CalibrationMatrix(1, 0, 0, 0, 1, 0)

    /// Six finite numbers separated by spaces that do not squash the panel onto a line.
    public init(text: String) throws(InputError) {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        let numbers = fields.compactMap { Double($0) }
        guard fields.count == 6, numbers.count == 6, numbers.allSatisfy(\.isFinite),
            abs(numbers[0] * numbers[4] - numbers[1] * numbers[3]) > 1e-9
        else {
            throw InputError(
                reason: .badMatrix, subject: printable(text), code: "",
                nextStep: "write \"a b c d e f\" as libinput does, \"1 0 0 0 1 0\" changes nothing")
        }
        self.init(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
    }

    func callAsFunction(_ point: Point) -> Point {
        Point(x: a * point.x + b * point.y + c, y: d * point.x + e * point.y + f)
    }
}

/// How far the picture is turned clockwise against the panel's own upright: at 90 the top of the picture is at the
/// panel's right edge.
public enum ScreenRotation: Int, Sendable, CaseIterable {
    case none = 0
    case right = 90
    case upsideDown = 180
    case left = 270

    /// From the panel's own upright to the turned picture.
    func callAsFunction(_ point: Point) -> Point {
        switch self {
        case .none: point
        case .right: Point(x: point.y, y: 1 - point.x)
        case .upsideDown: Point(x: 1 - point.x, y: 1 - point.y)
        case .left: Point(x: 1 - point.y, y: point.x)
        }
    }
}

/// The announced range of an absolute axis, in the device's units.
struct AxisRange: Equatable, Sendable {
    var minimum: Int32
    var maximum: Int32

    /// A range in which a value can be placed. Drivers exist that announce 0…0 or a maximum below the minimum.
    var isUsable: Bool { maximum > minimum }

    /// 0…1, a little outside clamped, nil for a value that is too far outside to be a touch
    /// (`InputLimits.overshoot`). Minimum counts: resistive panels start at 30 or 60, never at 0.
    func normalise(_ value: Int32) -> Double? {
        let share = (Double(value) - Double(minimum)) / (Double(maximum) - Double(minimum))
        guard share >= -InputLimits.overshoot, share <= 1 + InputLimits.overshoot else { return nil }
        return min(max(share, 0), 1)
    }
}

/// From raw coordinates of one panel to the picture: range, then calibration, then rotation, then clamped to 0…1.
struct PanelMapping: Equatable, Sendable {
    var x: AxisRange
    var y: AxisRange
    var matrix = CalibrationMatrix.identity
    var rotation = ScreenRotation.none

    /// Nil when either coordinate is too far outside its range to be a touch.
    func point(_ rawX: Int32, _ rawY: Int32) -> Point? {
        guard let across = x.normalise(rawX), let down = y.normalise(rawY) else { return nil }
        let turned = rotation(matrix(Point(x: across, y: down)))
        return Point(x: min(max(turned.x, 0), 1), y: min(max(turned.y, 0), 1))
    }
}
