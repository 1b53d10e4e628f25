import FoundationEssentials
import Ratings

/// The session whose answer could not be stored, noted where a restart finds it (`reliability.md` §4, error path).
struct FailedSessionFile {
    private let path: String

    init(folder: String) { path = folder + "/failed-session" }

    /// Best effort: the store has just failed, and a runtime folder is memory.
    func write(_ session: SessionID) { try? Data(session.rawValue.utf8).write(to: URL(filePath: path)) }

    func read() -> SessionID? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { SessionID(rawValue: $0) }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
