import Foundation
import Glibc
import SeededRandom
import Synchronization
import TortureUplink

/// When the power goes.
enum Moment: Sendable {
    /// So many seconds after the plug was put in.
    case starting(seconds: Double)
    /// So many seconds after the dialog came.
    case rating(seconds: Double)
    /// While the kiosk speaks to the collector: after so many bytes, and then so many seconds.
    case uploading(bytes: Int, seconds: Double)

    /// Every eighth or so in a start, which lasted `startSeconds` last time; of the others every second in an upload.
    static func random(_ random: inout SplitMix, startSeconds: Double) -> Moment {
        let share = Double(random.next() % 1000) / 1000
        switch random.next() % 8 {
        case 0: return .starting(seconds: share * startSeconds)
        case 1...3: return .rating(seconds: share * 15)
        case 4: return .rating(seconds: share * 3)
        default:
            let delay = random.next() % 2 == 0 ? 0 : Double(random.next() % 300) / 1000
            return .uploading(bytes: 1 + Int(share * 4000), seconds: delay)
        }
    }

    var name: String {
        switch self {
        case .starting: "starting"
        case .rating: "rating"
        case .uploading: "uploading"
        }
    }
}

/// Kills the emulator at a moment, on a thread of its own, so that the moment has nothing to do with what is looked at.
final class Cutter: Sendable {
    private struct State {
        var isOver = false
        var hasCut = false
    }

    private let state = Mutex(State())
    private let finished = DispatchSemaphore(value: 0)

    /// An upload that does not come for so long is not waited for.
    private static let patience = 180.0

    init(_ process: pid_t, _ moment: Moment, line: Relay) {
        let (began, heard) = (ContinuousClock.now, line.heardBytes)
        Thread.detachNewThread { [self] in
            var speaking: ContinuousClock.Instant?
            while !state.withLock({ $0.isOver }) {
                let now = ContinuousClock.now
                let seconds = began.duration(to: now) / .seconds(1)
                var isTime = false
                switch moment {
                case .starting(let after), .rating(let after): isTime = seconds >= after
                case .uploading(let bytes, let after):
                    if speaking == nil, line.heardBytes >= heard + bytes { speaking = now }
                    isTime = speaking.map { $0.duration(to: now) / .seconds(1) >= after } ?? (seconds >= Self.patience)
                }
                if isTime {
                    state.withLock { state in
                        guard !state.isOver else { return }
                        kill(process, SIGKILL)
                        (state.isOver, state.hasCut) = (true, true)
                    }
                }
                usleep(500)
            }
            finished.signal()
        }
    }

    /// Ends it; whether it has cut. The process must not be waited for before.
    func end() -> Bool {
        state.withLock { $0.isOver = true }
        finished.wait()
        return state.withLock { $0.hasCut }
    }
}
