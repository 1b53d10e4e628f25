/// Which display to draw on, and how.
public struct DisplaySettings: Equatable, Sendable {
    public enum Backend: String, Sendable, CaseIterable {
        /// `drm`, and `fbdev` where there is no card.
        case auto
        case drm
        case fbdev
        case headless
        /// A headless display that somebody else serves over HTTP.
        case web
    }

    public var backend: Backend
    /// A card ("/dev/dri/card1") or framebuffer ("/dev/fb1"); nil takes the first that can be drawn on.
    public var device: String?
    /// A connector by its kernel name ("HDMI-A-1"); nil takes the first connected one. For `drm` only.
    public var connector: String?
    /// nil takes the screen's preferred mode. Decides the size of a `headless` display.
    public var mode: ModeRequest?
    /// The size of the picture, for screens that do not say or lie.
    public var millimetres: PhysicalSize?

    public init(
        backend: Backend = .auto, device: String? = nil, connector: String? = nil, mode: ModeRequest? = nil,
        millimetres: PhysicalSize? = nil
    ) {
        self.backend = backend
        self.device = device
        self.connector = connector
        self.mode = mode
        self.millimetres = millimetres
    }
}

/// The size of a screen's picture in millimetres.
public struct PhysicalSize: Equatable, Sendable {
    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// What a driver or an EDID says, unless it is nonsense: EDIDs may carry an aspect ratio (16 × 9) or zero in the
    /// place of a size. A kiosk's screen has 30 to 600 pixels per inch on both axes.
    init?(reported width: Int, _ height: Int, of pixels: PixelSize) {
        guard width > 0, height > 0 else { return nil }
        let perInch = [(pixels.width, width), (pixels.height, height)].map { Double($0) * 25.4 / Double($1) }
        guard perInch.allSatisfy({ 30...600 ~= $0 }) else { return nil }
        self.init(width: width, height: height)
    }
}

/// "1920x1080" or "1920x1080@60": a size, and a refresh rate where it matters.
public struct ModeRequest: Equatable, Sendable, CustomStringConvertible {
    public var size: PixelSize
    /// In thousandths of a hertz; nil takes the rate nearest to 60 Hz.
    public var refreshMillihertz: Int?

    public init(size: PixelSize, refreshMillihertz: Int? = nil) {
        self.size = size
        self.refreshMillihertz = refreshMillihertz
    }

    /// nil for anything but WIDTHxHEIGHT[@HERTZ] with sides of 1…8192 pixels and a rate of up to 1000 Hz, which may
    /// have a fraction of up to three digits.
    public init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let sides = parts[0].split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count <= 2, sides.count == 2,
            let width = Self.number(sides[0], digits: 4), let height = Self.number(sides[1], digits: 4),
            1...Canvas.largestSide ~= width, 1...Canvas.largestSide ~= height
        else { return nil }
        size = PixelSize(width: width, height: height)
        guard parts.count == 2 else { return }

        let rate = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard rate.count <= 2, let whole = Self.number(rate[0], digits: 4) else { return nil }
        var thousandths = 0
        if rate.count == 2 {
            guard let fraction = Self.number(rate[1], digits: 3) else { return nil }
            thousandths = fraction * [100, 10, 1][rate[1].count - 1]
        }
        refreshMillihertz = whole * 1000 + thousandths
        guard 1...1_000_000 ~= whole * 1000 + thousandths else { return nil }
    }

    /// Digits only: `Int.init` would take a sign.
    private static func number(_ text: Substring, digits: Int) -> Int? {
        guard 1...digits ~= text.count, text.allSatisfy({ "0"..."9" ~= $0 }) else { return nil }
        return Int(text)
    }

    public var description: String {
        refreshMillihertz.map { "\(size)@\(ScreenMode.hertz($0))" } ?? "\(size)"
    }
}
