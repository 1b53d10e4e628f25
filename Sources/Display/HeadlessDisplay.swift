/// A display in memory. `shown` holds what a person would see: like a screen, it changes only where `present` said so,
/// which makes forgotten damage visible in tests.
public final class HeadlessDisplay: DisplayDevice {
    public static let defaultSize = PixelSize(width: 1280, height: 800)

    public let canvas: Canvas
    public let millimetres: PhysicalSize?
    /// The picture on the imagined screen.
    public let shown: Canvas
    /// Counts the frames that changed something.
    public private(set) var frames: UInt64 = 0

    public init(_ settings: DisplaySettings = DisplaySettings(backend: .headless)) {
        let size = settings.mode?.size ?? Self.defaultSize
        canvas = Canvas(size)
        shown = Canvas(size)
        millimetres = settings.millimetres
    }

    public var name: String { "headless \(canvas.size)" }
    public var refreshMillihertz: Int? { nil }
    public var descriptor: Int32 { -1 }

    public func present(_ damage: [PixelRect]) throws(DisplayError) -> Presented {
        var inside = Damage(canvas.size)
        inside.add(damage)
        guard !inside.isEmpty else { return .shown }
        for rect in inside.rects {
            PixelLayout.xrgb8888.copy(
                rect, from: canvas.pixels, sourceStride: canvas.stride, to: shown.pixels, targetStride: shown.stride)
        }
        frames += 1
        return .shown
    }

    public func handleEvents() throws(DisplayError) -> Bool { false }
    public func refresh(probe: Bool) throws(DisplayError) -> Refreshed { .unchanged }
    public func recover() throws(DisplayError) { _ = try present([PixelRect(canvas.size)]) }
    public func close() {}
}
