/// Why a command of the collector ends early: one line for a person, and the exit status of the Contract (sysexits).
public struct CollectorFailure: Error, Equatable, CustomStringConvertible {
    public enum Kind: Int32, Sendable {
        case usage = 64
        case data = 65
        case unavailable = 69
        case fault = 70
        case cannotCreate = 73
        case inputOutput = 74
        case tryAgain = 75
        case notPermitted = 77
        case configuration = 78
    }

    public let kind: Kind
    /// The thing, the cause and the next step.
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}
