import FoundationEssentials
import KioskControl

/// Why the uplink or an enrolment cannot go on: one line with the thing, the cause and the next step, and a status of the
/// Contract (sysexits).
public struct UplinkError: Error, Equatable, CustomStringConvertible {
    public let exitStatus: Int32
    public let description: String

    /// What the kiosk's screen says of an enrolment that failed so; nothing where it has no word for it.
    public let trouble: EnrolmentTrouble?

    init(_ exitStatus: Int32, _ description: String, _ trouble: EnrolmentTrouble? = nil) {
        self.exitStatus = exitStatus
        self.description = description
        self.trouble = trouble
    }

    static let usage: Int32 = 64
    static let badData: Int32 = 65
    static let absent: Int32 = 69
    static let ownFault: Int32 = 70
    static let cannotCreate: Int32 = 73
    static let inputOutput: Int32 = 74
    static let tryAgain: Int32 = 75
    static let notPermitted: Int32 = 77
}

extension String {
    /// What came from the network, fit for a log or a terminal: one line, no control characters, not long.
    var printable: String {
        let fit = unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        return String(String.UnicodeScalarView(fit.prefix(200)))
    }
}
