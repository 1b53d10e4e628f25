/// What a connection is doing, and what it may take its time for: a value, fed with what happens on the wire.
///
/// ```
///   connected ──► head ──head──► body ──end──► work ──answered──► quiet ──bytes──► head …
///                                  └─answered──► rest ──end──► quiet
/// ```
/// Only `head` and `rest` are timed here: a body has its own time, and a quiet connection the idle time of the server.
struct ConnectionPhase: Equatable, Sendable {
    /// What is to be done about the timer.
    enum Timing: Equatable, Sendable {
        case leave
        /// A head has to be whole within the limit.
        case timeHead
        /// What is left of a body whose request was answered already has to come to its end within the limit.
        case timeRest
        case stop
    }

    /// Bytes of a head may be on their way.
    private var awaitsHead = false
    /// A head has come, and the end of its request has not.
    private var reads = false
    /// Requests that are not answered.
    private(set) var unanswered = 0

    mutating func connected() -> Timing {
        awaitsHead = true
        return .timeHead
    }

    mutating func bytes() -> Timing {
        guard !awaitsHead, !reads, unanswered == 0 else { return .leave }
        awaitsHead = true
        return .timeHead
    }

    mutating func head() -> Timing {
        awaitsHead = false
        reads = true
        unanswered += 1
        return .stop
    }

    mutating func end() -> Timing {
        reads = false
        return unanswered == 0 ? .stop : .leave
    }

    mutating func answered() -> Timing {
        unanswered = max(0, unanswered - 1)
        return unanswered == 0 && reads ? .timeRest : .leave
    }
}
