import Synchronization
import Torture

/// A row that several threads fill, and the trial that it belongs to.
final class Count: Sendable {
    let trial: Trial
    private let state: Mutex<Tried>

    init(_ promise: String, _ trial: Trial) {
        self.trial = trial
        state = Mutex(Tried(promise, seed: trial.seed))
    }

    var row: Tried { state.withLock(\.self) }

    func change(_ body: (inout Tried) -> Void) {
        state.withLock { row in
            body(&row)
            trial.progress.tell(row, of: trial.tries)
        }
    }
}
