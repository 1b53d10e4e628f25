import CConsole

/// The screen behind /dev/fbN, for boards without a KMS driver. Uses the mode in which the kernel started it.
///
/// Reference: Documentation/fb/api.rst of the kernel.
public final class FramebufferDisplay: DisplayDevice {
    public private(set) var canvas: Canvas
    private let path: String
    private let settings: DisplaySettings
    private let devices: DeviceFolder
    private let cardsAtStart: [String]
    private var screen: FramebufferScreen

    init(_ path: String, settings: DisplaySettings, devices: DeviceFolder) throws(DisplayError) {
        self.path = path
        self.settings = settings
        self.devices = devices
        cardsAtStart = devices.cards()
        screen = try FramebufferScreen(path)
        canvas = Canvas(screen.shape.size)
        if let request = settings.mode, request.size != screen.shape.size {
            throw DisplayError(
                .settings, "screen \(path)", "shows \(screen.shape.size), not \(request)",
                nextStep: "set the mode on the kernel's command line (video=), or drop it from the settings")
        }
        show([PixelRect(canvas.size)])
    }

    public var name: String { "fbdev \(path) \(canvas.size) \(screen.shape.layout.bitsPerPixel) bpp" }
    public var millimetres: PhysicalSize? { settings.millimetres ?? screen.shape.millimetres }
    public var refreshMillihertz: Int? { nil }
    public var descriptor: Int32 { -1 }

    public func present(_ damage: [PixelRect]) throws(DisplayError) -> Presented {
        var inside = Damage(canvas.size)
        inside.add(damage)
        show(inside.rects)
        return .shown
    }

    private func show(_ rects: [PixelRect]) {
        for rect in rects {
            screen.shape.layout.copy(
                rect, from: canvas.pixels, sourceStride: canvas.stride,
                to: screen.memory.start + screen.shape.firstByte, targetStride: screen.shape.stride)
        }
    }

    public func handleEvents() throws(DisplayError) -> Bool { false }

    /// A framebuffer can be replaced under its program: the firmware's by the real driver's. Its old memory then stays
    /// mapped and shows nothing. With `auto`, a card that has come since is `.lost` too, because it is the better one.
    public func refresh(probe: Bool) throws(DisplayError) -> Refreshed {
        if settings.backend == .auto, devices.cards() != cardsAtStart {
            throw DisplayError(
                .lost, "screen \(path)", "has been overtaken by another card", nextStep: "open the display again")
        }
        let now = try FramebufferScreen(path)
        guard now.shape != screen.shape || !screen.answers else { return .unchanged }
        let isSameSize = now.shape.size == canvas.size
        screen = now
        guard isSameSize else {
            canvas = Canvas(screen.shape.size)
            show([PixelRect(canvas.size)])
            return .resized
        }
        show([PixelRect(canvas.size)])
        return .pluggedIn
    }

    public func recover() throws(DisplayError) {
        show([PixelRect(canvas.size)])
    }

    /// Leaves the last picture: the console repaints itself when it is put back to text.
    public func close() {}
}

/// An open framebuffer with its memory.
private struct FramebufferScreen: ~Copyable {
    let shape: FramebufferShape
    let memory: DeviceMemory
    private let file: DeviceFile

    init(_ path: String) throws(DisplayError) {
        let thing = "screen \(path)"
        // Locals first: a value that cannot be copied must not be left half made by a throw.
        let file = try DeviceFile(path, thing: thing, group: "video")
        var fixed = fb_fix_screeninfo()
        var variable = fb_var_screeninfo()
        var code = otsenka_fb_fixed(file.descriptor, &fixed)
        if code == 0 { code = otsenka_fb_variable(file.descriptor, &variable) }
        guard code == 0 else { throw .request(thing, "say what it shows", SystemCode(code)) }
        let shape = try FramebufferShape(fixed, variable, thing: thing)
        memory = try DeviceMemory(of: file.descriptor, offset: 0, byteCount: shape.byteCount, thing: thing)
        self.shape = shape
        self.file = file
    }

    /// False once the driver behind the open file has been replaced (ENODEV).
    var answers: Bool {
        var variable = fb_var_screeninfo()
        return otsenka_fb_variable(file.descriptor, &variable) == 0
    }
}
