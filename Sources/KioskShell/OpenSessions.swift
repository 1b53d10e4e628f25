import FoundationEssentials
import Ratings

/// An answer that was not thanked, because the store failed under it.
struct FailedAnswer: Equatable {
    var session: SessionID
    var question: String
}

/// That answer, noted where a restart finds it (`reliability.md` §4, error path).
struct FailedAnswerFile {
    private let path: String

    init(folder: String) { path = folder + "/failed-session" }

    /// Best effort: the store has just failed, and a runtime folder is memory.
    func write(_ answer: FailedAnswer) {
        try? Data("\(answer.session.rawValue) \(answer.question)".utf8).write(to: URL(filePath: path))
    }

    func read() -> FailedAnswer? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let words = text.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let session = SessionID(rawValue: String(words[0])) else { return nil }
        return FailedAnswer(session: session, question: String(words[1]))
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// Finds the sessions that a stop left open: `shown` in the newest records and no `session` after it.
///
/// A stopped program cannot say how its session ended, so the next start does: refused when its last answer was not thanked
/// and is durable after all (it must never count, for the visitor was told so), interrupted otherwise. Where the failed
/// answer is not in the store, the answers that were acknowledged before it count, as in any session that was left early.
enum OpenSessions {
    /// How many of the newest records are looked at. A session is at most its questions and two more records.
    static let recordsLookedAt = 64

    static func ends(of lines: [String], refused: FailedAnswer?) -> [SessionEnd] {
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
