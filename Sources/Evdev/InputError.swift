import CEvdev
import Glibc

/// What went wrong with the input devices: the thing, the cause with C's name for it, and the next step.
public struct InputError: Error, Equatable, CustomStringConvertible {
    public enum Reason: Equatable, Sendable {
        case cannotOpen
        case notAnInputDevice
        case noUdev
        case badMatrix
    }

    public let reason: Reason
    /// The device node or the setting, printable.
    public let subject: String
    /// C's name of the result ("EACCES"), empty where no call failed.
    public let code: String
    public let nextStep: String

    public var description: String {
        let what =
            switch reason {
            case .cannotOpen: "cannot open \(subject)"
            case .notAnInputDevice: "\(subject) does not answer like an input device"
            case .noUdev: "libudev cannot start"
            case .badMatrix: "calibration matrix \"\(subject)\" is not six numbers"
            }
        return what + (code.isEmpty ? "" : " (\(code))") + "; " + nextStep
    }

    public var isPermission: Bool { code == "EACCES" || code == "EPERM" }
}

/// C's name of an errno value. `strerrorname_np` exists only in some C libraries, so the few that matter are here.
func errnoName(_ code: Int32) -> String {
    let names: [Int32: String] = [
        EACCES: "EACCES", EPERM: "EPERM", EBUSY: "EBUSY", ENODEV: "ENODEV", ENOENT: "ENOENT", ENOTTY: "ENOTTY",
        EINVAL: "EINVAL", EMFILE: "EMFILE", ENFILE: "ENFILE", ENOMEM: "ENOMEM", ENXIO: "ENXIO", EIO: "EIO",
        EBADF: "EBADF", EAGAIN: "EAGAIN", EINTR: "EINTR", EAFNOSUPPORT: "EAFNOSUPPORT",
    ]
    return names[code] ?? "errno \(code)"
}

/// A name or path from a device, with everything that a terminal could act on written out: control characters,
/// the C1 range, line and paragraph separators and the bidirectional overrides.
public func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(InputLimits.nameCharacters) {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F:
            result += "\\x" + hexadecimal(scalar.value, digits: 2)
        case 0x2028...0x202E, 0x2066...0x2069, 0x200E...0x200F:
            result += "\\u" + hexadecimal(scalar.value, digits: 4)
        default:
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

private func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
