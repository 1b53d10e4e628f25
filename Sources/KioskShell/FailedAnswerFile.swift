import Dialog
import FoundationEssentials
import Ratings

/// An answer that was not thanked, noted where a restart finds it (`reliability.md` §4, error path).
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
