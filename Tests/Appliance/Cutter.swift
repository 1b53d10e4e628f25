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
    /// While something is stored: once the drive's log has grown by so many bytes, most likely between a write and its flush.
    case storing(bytes: Int)
    /// While the kiosk speaks to the collector: after so many bytes, and then so many seconds.
    case uploading(bytes: Int, seconds: Double)

    /// Every eighth or so in a start, which lasted `startSeconds` last time; of the others some in an upload, some while something
    /// is stored, some at any time.
    static func random(_ random: inout SplitMix, startSeconds: Double) -> Moment {
        let share = Double(random.next() % 1000) / 1000
        switch random.next() % 8 {
        case 0: return .starting(seconds: share * startSeconds)
        case 1: return .rating(seconds: share * 15)
        case 2...4: return .storing(bytes: 1 + Int(share * 400_000))
        default:
            let delay = random.next() % 2 == 0 ? 0 : Double(random.next() % 300) / 1000
            return .uploading(bytes: 1 + Int(share * 4000), seconds: delay)
        }
    }

    var name: String {
        switch self {
        case .starting: "starting"
        case .rating: "rating"
        case .storing: "storing"
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

    /// An upload, or a write, that does not come for so long is not waited for.
    private static let patience = 180.0

    /// `writes` is the file of the drive's orders.
    init(_ process: pid_t, _ moment: Moment, line: Relay, writes: String) {
        let (began, heard, written) = (ContinuousClock.now, line.heardBytes, Self.size(of: writes))
        Thread.detachNewThread { [self] in
            var speaking: ContinuousClock.Instant?
            while !state.withLock({ $0.isOver }) {
                let now = ContinuousClock.now
                let seconds = began.duration(to: now) / .seconds(1)
                var isTime = false
                switch moment {
                case .starting(let after), .rating(let after): isTime = seconds >= after
                case .storing(let bytes):
                    isTime = Self.size(of: writes) >= written + bytes || seconds >= Self.patience
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

    private static func size(of file: String) -> Int {
        var facts = stat()
        return stat(file, &facts) == 0 ? Int(facts.st_size) : 0
    }

    /// Ends it; whether it has cut. The process must not be waited for before.
    func end() -> Bool {
        state.withLock { $0.isOver = true }
        finished.wait()
        return state.withLock { $0.hasCut }
    }
}
