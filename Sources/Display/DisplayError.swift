import CConsole
import Glibc

/// Why a display or a console cannot be used: the thing, the cause and the next step, in one line.
public struct DisplayError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// There is no card or framebuffer (yet): a driver may still come. Worth waiting for.
        case absent
        /// The card is there, and nothing that it shows on is connected. Worth waiting for.
        case disconnected
        /// Another program draws on the card. Worth waiting for.
        case busy
        /// The file exists and may not be opened or used.
        case notPermitted = "not permitted"
        /// What the settings ask for does not exist on this machine, or no program could ask for it.
        case settings
        /// The device has a shape that this program cannot draw on.
        case unsupported
        /// The device worked and has gone, or another has taken its place: close it and open again.
        case lost
        /// Any other refusal of the kernel.
        case failed
    }

    public var code: Code
    /// "screen /dev/dri/card0"
    public var thing: String
    /// "is in use by another program (EBUSY)"
    public var cause: String
    /// "stop the other program"
    public var nextStep: String

    public init(_ code: Code, _ thing: String, _ cause: String, nextStep: String) {
        self.code = code
        self.thing = thing
        self.cause = cause
        self.nextStep = nextStep
    }

    public var description: String { "\(thing) \(cause); \(nextStep)" }

    /// Whether the same call may succeed later without anybody changing the settings.
    public var isWorthRetrying: Bool {
        switch code {
        case .absent, .disconnected, .busy, .lost: true
        case .notPermitted, .settings, .unsupported, .failed: false
        }
    }
}

/// An errno value with its C name.
struct SystemCode: Equatable, CustomStringConvertible {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    var description: String {
        otsenka_errno_name(number).map { String(cString: $0) } ?? "errno \(number)"
    }
}

extension DisplayError {
    /// What opening a device file answered.
    static func opening(_ thing: String, group: String, _ code: SystemCode) -> DisplayError {
        switch code.number {
        case ENOENT, ENODEV, ENXIO:
            DisplayError(
                .absent, thing, "does not exist (\(code))",
                nextStep: "wait for its driver, or name another one in the settings")
        case EACCES, EPERM:
            DisplayError(
                .notPermitted, thing, "may not be opened (\(code))",
                nextStep: "add the service's user to the group \(group)")
        case EBUSY:
            DisplayError(
                .busy, thing, "is in use by another program (\(code))", nextStep: "stop the other program")
        default:
            DisplayError(
                .failed, thing, "cannot be opened (\(code))", nextStep: "look for its driver's messages with dmesg")
        }
    }

    /// What a request to an open device answered.
    static func request(_ thing: String, _ what: String, _ code: SystemCode) -> DisplayError {
        switch code.number {
        case ENODEV, ENXIO:
            DisplayError(.lost, thing, "has gone (\(code))", nextStep: "plug it in again; it is opened by itself")
        case EBUSY:
            DisplayError(
                .busy, thing, "refused to \(what), because another program uses it (\(code))",
                nextStep: "stop the other program")
        case EACCES, EPERM:
            DisplayError(
                .notPermitted, thing, "refused to \(what) (\(code))",
                nextStep: "stop the program that owns the screen, or run the service with the rights of its unit file")
        default:
            DisplayError(
                .failed, thing, "refused to \(what) (\(code))",
                nextStep: "look for its driver's messages with dmesg")
        }
    }
}
