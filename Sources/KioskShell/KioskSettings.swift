/// What a technician may set for `otsenka-kiosk run`; everything has a default, so an empty file is a whole one.
///
/// Keys are never renamed or reused. The environment wins over the file: `display.backend` is `OTSENKA_DISPLAY_BACKEND`.
public struct KioskSettings: Equatable, Sendable {
    /// The folder of the journal and its key.
    public var dataFolder = "/var/lib/otsenka"
    /// The folder of the Unix sockets.
    public var runtimeFolder = "/run/otsenka"
    public var display = DisplayPart()
    public var input = InputPart()
    public var dialog = DialogPart()
    /// A YAML questionnaire; nothing takes the embedded one.
    public var questionnaire: String?

    public init() {}

    /// `display:`
    public struct DisplayPart: Equatable, Sendable {
        public enum Backend: String, Sendable, CaseIterable { case auto, drm, fbdev, headless, web }

        public var backend = Backend.auto
        /// A KMS card; nothing takes the first one that has a connected connector.
        public var card: String?
        public var framebuffer = "/dev/fb0"
        /// A connector by its kernel name (`HDMI-A-1`); nothing takes the first connected one.
        public var connector: String?
        /// `1920x1080` or `1920x1080@60`; nothing takes the mode that the panel prefers.
        public var mode: String?
        /// The picture's size in pixels where no hardware says it (headless, web).
        public var size = "1920x1080"
        /// The lit area in millimetres, when the connector does not say it or lies.
        public var widthMillimetres: Double?
        public var heightMillimetres: Double?
        public var webPort = 8081
        /// The terminal to put in graphics mode (`/dev/tty1`); nothing leaves terminals alone.
        public var console: String?
    }

    /// `input:`
    public struct InputPart: Equatable, Sendable {
        /// Take devices for ourselves alone (EVIOCGRAB).
        public var grab = true
        /// libinput's calibration matrix, six numbers; nothing takes udev's `LIBINPUT_CALIBRATION_MATRIX`.
        public var matrix: [Double]?
        /// How the screen is turned: 0, 90, 180 or 270 degrees clockwise.
        public var rotation = 0
        /// Which key gives which mark: `KEY_1=1`.
        public var keys = ["KEY_1=1", "KEY_2=2", "KEY_3=3", "KEY_4=4", "KEY_5=5"]
    }

    /// `dialog:`
    public struct DialogPart: Equatable, Sendable {
        /// The language in which each session starts; nothing takes the questionnaire's first.
        public var language: String?
        /// `lobby`: a touch starts a session. `window`: only a visit event does.
        public var start = Start.lobby
        /// The window and the service of a session that no visit event named.
        public var window: String?
        public var service: String?

        /// The times of the dialog, milliseconds; nothing takes the default of `DialogLimits`. At a real panel a time may
        /// not be shorter than its default, since that is what EN 301 549 and `domain.md` §3.3 ask for; the headless and
        /// the web display take any, for tests.
        public var warningMilliseconds: Int?
        public var resetMilliseconds: Int?
        public var armMilliseconds: Int?
        public var highlightMilliseconds: Int?
        public var thanksMilliseconds: Int?

        public enum Start: String, Sendable, CaseIterable { case lobby, window }
    }
}
