import FoundationEssentials
import Ratings

/// An answer that was not thanked, because the store failed under it.
public struct FailedAnswer: Equatable, Sendable {
    public var session: SessionID
    public var question: String

    public init(session: SessionID, question: String) {
        self.session = session
        self.question = question
    }
}

/// Finds the sessions that a stop left open: `shown` in the newest records and no `session` after it.
///
/// A stopped program cannot say how its session ended, so the next start does: refused when its last answer was not
/// thanked and is durable after all (it must never count, for the visitor was told so), interrupted otherwise. Where the failed
/// answer is not in the store, the answers that were acknowledged before it count, as in any session that was left early.
public enum OpenSessions {
    /// How many of the newest records are looked at. A session is at most its questions and two more records.
    public static let recordsLookedAt = 64

    /// The records that end them, oldest first. `lines` are the newest of the journal, `refused` is the answer that was
    /// not thanked.
    public static func ends(of lines: [String], refused: FailedAnswer?) -> [SessionEnd] {
        var open: [SessionID: (first: RecordHeader, last: RecordHeader)] = [:]
        var order: [SessionID] = []
        var isStored = false
        for line in lines {
            guard let record = try? Record(line: Data(line.utf8)) else { continue }
            switch record.body {
            case .shown(let shown):
                open[shown.session] = (record.header, record.header)
                order.append(shown.session)
            case .answer(let answer):
                open[answer.session]?.last = record.header
                if FailedAnswer(session: answer.session, question: answer.question) == refused { isStored = true }
            case .session(let end): open[end.session] = nil
            default: break
            }
        }
        return order.compactMap { session in
            guard let (first, last) = open[session] else { return nil }
            let duration = first.boot == last.boot ? last.bootMilliseconds - first.bootMilliseconds : 0
            return SessionEnd(
                session: session, outcome: isStored && session == refused?.session ? .refused : .interrupted,
                durationMilliseconds: Int(duration))
        }
    }
}
