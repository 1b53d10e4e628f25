import Logging

/// How the uplink stands, for one line in the log when it changes.
enum UplinkState: Equatable {
    case notEnrolled
    case runAbsent(String)
    case unusable(String)
    case delivering
    /// The collector is not reached; the C name of the error.
    case unreachable(String)
    /// The collector, or somebody in its place, answers something else than it should.
    case refused(status: Int, code: String)
    case worthless(String)
}

/// Writes a line when the state changes, and none for each request.
struct UplinkLog {
    private let logger: Logger
    private var state: UplinkState?

    init(_ logger: Logger) { self.logger = logger }

    /// `detail` explains the change; it is not part of the state.
    mutating func enter(_ new: UplinkState, _ detail: String = "") {
        guard new != state else { return }
        state = new
        let metadata: Logger.Metadata = detail.isEmpty ? [:] : ["detail": "\(detail.printable)"]
        switch new {
        case .notEnrolled: logger.notice("not enrolled; otsenka-kiosk enrol comes next", metadata: metadata)
        case .runAbsent(let why): logger.warning("waiting for otsenka-kiosk run", metadata: ["detail": "\(why)"])
        case .unusable(let why): logger.error("the uplink cannot send", metadata: ["detail": "\(why)"])
        case .delivering: logger.notice("the collector takes records", metadata: metadata)
        case .unreachable(let name):
            logger.warning(
                "the collector is not reached; records are kept and sent later",
                metadata: metadata.merging(["code": "\(name)"]) { $1 })
        case .refused(let status, let code):
            logger.warning(
                "the collector refuses; records are kept and sent later",
                metadata: metadata.merging(["status": "\(status)", "code": "\(code.printable)"]) { $1 })
        case .worthless(let why):
            logger.warning(
                "an answer without a valid receipt; records are kept and sent later",
                metadata: ["detail": "\(why.printable)"])
        }
    }
}
