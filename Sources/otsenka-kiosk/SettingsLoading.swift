import Dispatch
import FoundationEssentials
import KioskShell
import Synchronization

/// Settings for commands whose thread is not a task: swift-configuration reads files in one.
enum SettingsLoading {
    /// Reads a settings file (nothing: defaults) and this process's environment over it, as `KioskSettings.load` does.
    static func load(file: String?) throws -> KioskSettings {
        let answer = Answer()
        Task.detached {
            do {
                let environment = ProcessInfo.processInfo.environment
                answer.give(.success(try await KioskSettings.load(file: file, environment: environment)))
            } catch {
                answer.give(.failure(error))
            }
        }
        return try answer.wait().get()
    }

    private final class Answer: Sendable {
        private let result = Mutex<Result<KioskSettings, any Error>?>(nil)
        private let given = DispatchSemaphore(value: 0)

        func give(_ value: sending Result<KioskSettings, any Error>) {
            result.withLock { $0 = value }
            given.signal()
        }

        func wait() -> Result<KioskSettings, any Error> {
            given.wait()
            guard let result = result.withLock({ $0 }) else { preconditionFailure("an answer comes before its signal") }
            return result
        }
    }
}
