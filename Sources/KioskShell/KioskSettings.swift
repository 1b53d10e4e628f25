import Ledger

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
    public var maintenance = MaintenancePart()
    /// A YAML questionnaire; nothing takes the embedded one.
    public var questionnaire: String?
    /// Ed25519 public keys, base64: whose signature makes a release, as the image was made. Their successors are followed.
    public var releaseKeys: [PublicKey] = []

    public init() {}

    /// `display:`
    public struct DisplayPart: Equatable, Sendable {
        public enum Backend: String, Sendable, CaseIterable { case auto, drm, fbdev, headless, web }

        public var backend = Backend.auto
        /// A card (`/dev/dri/card1`) or a framebuffer (`/dev/fb1`); nothing takes the first that can be drawn on.
        public var device: String?
        /// A connector by its kernel name (`HDMI-A-1`); nothing takes the first connected one.
        public var connector: String?
        /// `1920x1080` or `1920x1080@60`; nothing takes the mode that the panel prefers. The picture's size for the
        /// headless and the web display.
        public var mode: String?
        /// The diagonal of the lit area in inches, when the connector does not say its size or lies.
        public var diagonalInches: Double?
        /// From the eyes to the screen, millimetres: letters are at least 0.7° high at this distance.
        public var viewingDistanceMillimetres: Double?
        public var webPort = 8081
        /// How long to wait for a display that is not there, before the program ends with 69 and is started anew.
        public var waitSeconds = 30
        /// The terminal to cover (`/dev/tty1`); `none` leaves terminals alone, nothing takes the one on the screen.
        public var console: String?
    }

    /// `input:`
    public struct InputPart: Equatable, Sendable {
        /// Take devices for ourselves alone (EVIOCGRAB).
        public var grab = true
        /// libinput's calibration matrix, `a b c d e f`; nothing takes udev's `LIBINPUT_CALIBRATION_MATRIX`.
        public var matrix: String?
        /// How the screen is turned: 0, 90, 180 or 270 degrees clockwise.
        public var rotation = 0
        /// What each key means: `KEY_1=answer-1`, `KEY_ENTER=finish` (see `DialogKey.name`).
        public var keys = (1...5).flatMap { ["KEY_\($0)=answer-\($0)", "KEY_KP\($0)=answer-\($0)"] }
    }

    /// `maintenance:`
    public struct MaintenancePart: Equatable, Sendable {
        /// The socket behind which systemd starts `otsenka-kiosk maintain`.
        public var socket = "/run/otsenka-maintain.sock"
        /// Holds a file for each USB stick that is plugged in, named as its port; udev's rules keep it.
        public var sticks = "/run/otsenka-sticks"
    }

    /// `dialog:`
    public struct DialogPart: Equatable, Sendable {
        /// The language in which each session starts; nothing takes the questionnaire's first.
        public var language: String?
        /// The times of the dialog, milliseconds; nothing takes the default of `DialogLimits`. At a real panel a time may
        /// not be shorter than its default, since that is what EN 301 549 and `domain.md` §3.3 ask for; the headless and
        /// the web display take any, for tests.
        public var warningMilliseconds: Int?
        public var resetMilliseconds: Int?
        public var armMilliseconds: Int?
        public var highlightMilliseconds: Int?
        public var thanksMilliseconds: Int?
    }
}
