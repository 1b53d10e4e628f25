import Dialog
import Dispatch
import FoundationEssentials
import KioskControl
import KioskJournal
import Ledger
import Logging
import Ratings
import Systemd
import UnixSocket

/// The collector's time for a nonce of ours.
struct ProvedTime {
    /// Beyond this between question and answer it says too little, milliseconds.
    static let longestWay: Int64 = 120_000

    /// Seconds since 1970.
    var seconds: Int64
    /// When the nonce was made and when the time was heard, milliseconds of the boot clock.
    var asked: Int64
    var heard: Int64

    var isFresh: Bool { (0...Self.longestWay).contains(heard - asked) }
}

/// Performs what `MaintenanceVisit` decides: puts visits on record, asks `otsenka-kiosk maintain`, looks for sticks.
final class MaintenanceDriver {
    struct Hooks {
        /// Whether no visitor is before the screen.
        var isAtRest: () -> Bool
        /// What the screen must say has changed.
        var changed: () -> Void
        /// A record was stored.
        var journalGrew: () -> Void
    }

    /// How often sticks are looked for during a visit.
    private static let lookMilliseconds: Int64 = 500
    /// The longest verb: an update is installed within it, see the unit.
    private static let verbMilliseconds: Int64 = 45 * 60_000
    /// A clock that is wrong by no more is left alone, seconds.
    private static let clockTolerance: Int64 = 2

    private let loop: EventLoop
    private let worker: JournalWorker
    private let clock: WallClock
    private let settings: KioskSettings.MaintenancePart
    private let logger: Logger
    private let hooks: Hooks
    private var machine = MaintenanceVisit()
    private var successions: [String] = []
    private var timer: Timer?

    init(
        loop: EventLoop, worker: JournalWorker, clock: WallClock, settings: KioskSettings.MaintenancePart,
        logger: Logger, hooks: Hooks
    ) throws {
        self.loop = loop
        self.worker = worker
        self.clock = clock
        self.settings = settings
        self.logger = logger
        self.hooks = hooks
        timer = try loop.timer(on: .boot) { [weak self] in self?.look() }
    }

    var notice: MaintenanceNotice? { machine.notice }

    func stop() { timer = nil }

    /// Opens the visit of a note as soon as nobody is asked; `reply` hears at once why not, or nothing.
    func open(_ note: String, proved: ProvedTime? = nil, reply: @escaping (String?) -> Void) {
        if note == machine.note?.serialized { return reply(nil) }
        let proved = proved.flatMap { $0.isFresh ? $0 : nil }
        let now = time(proved)
        worker.perform(
            { journal throws(JournalError) in try journal.judge(maintenance: note, at: now) }, on: loop
        ) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let judged): order(judged, proved, reply)
            case .failure(let error):
                logger.error("a technician's visit is refused", metadata: ["why": "\(error)"])
                reply("\(error)")
            }
        }
    }

    /// The technician is done; gives why the visit cannot be ended, or nothing.
    func finish() -> String? { handle(.finish) }

    /// Another picture is on the screen: perhaps the dialog that a visit waits for has ended.
    func dialogChanged() {
        guard machine.isWaiting, hooks.isAtRest() else { return }
        // Not from within the dialog's own turn, which has yet to do what it decided.
        let bound = loop.bound(WeakMaintenance(self))
        _ = loop.mailbox.post { bound.value.driver?.begin() }
    }

    private func begin() {
        if machine.isWaiting, hooks.isAtRest() { _ = handle(.rests) }
    }

    /// What a start puts on record for a visit that the last stop left open.
    static func end(of newest: [String]) -> Maintenance? {
        var open: Maintenance?
        for line in newest {
            guard case .maintenance(let record)? = try? Record(line: Data(line.utf8)).body else { continue }
            open = record.moment == .opened ? record : nil
        }
        return open.map { Maintenance(moment: .closed, technician: $0.technician, visit: $0.visit) }
    }

    /// The best time there is: the collector's, then a clock that the time service has set, then any.
    private func time(_ proved: ProvedTime?) -> MaintenanceClock {
        if let proved { return MaintenanceClock(seconds: proved.seconds, trust: .proved, floor: proved.seconds) }
        let wall = Int64(Date.now.timeIntervalSince1970)
        return MaintenanceClock(seconds: wall, trust: clock.now().state == .synced ? .synced : .unvouched)
    }

    private func order(_ judged: JudgedMaintenance, _ proved: ProvedTime?, _ reply: (String?) -> Void) {
        var visit = MaintenanceVisit.JudgedVisit(note: judged.note, seconds: judged.seconds, rightClock: nil)
        if let proved {
            let right = proved.seconds - proved.heard / 1000
            let error = right - clock.offsetMilliseconds() / 1000
            let way = (proved.heard - proved.asked) / 1000
            visit.rightClock = abs(error) > Self.clockTolerance + way ? right : nil
        }
        successions = judged.successions.map(\.serialized)
        let refusal = handle(.ordered(visit))
        if refusal == nil {
            logger.notice(
                "a technician's visit begins once nobody is asked",
                metadata: ["technician": "\(judged.note.technician)", "visit": "\(judged.note.number)"])
        }
        reply(refusal)
        dialogChanged()
    }

    /// Gives why the event is not taken, or nothing.
    private func handle(_ event: MaintenanceVisit.Event) -> String? {
        let before = machine.notice
        let actions: [MaintenanceVisit.Action]
        do throws(MaintenanceVisit.Refusal) {
            actions = try machine.handle(event, at: KernelClock.boot.milliseconds)
        } catch { return error.reason }
        if machine.notice != before { hooks.changed() }
        for action in actions {
            switch action {
            case .record(let moment, let note, let done): record(moment, note, done)
            case .perform(let verb): perform(verb)
            }
        }
        arm()
        return nil
    }

    private func record(_ moment: Maintenance.Moment, _ note: MaintenanceNote, _ done: [String]?) {
        let stamp = clock.stamp()
        worker.perform(
            { journal throws(JournalError) in
                if moment == .opened { return try journal.open(note, at: stamp) }
                let closed = Maintenance(
                    moment: .closed, technician: note.technician, done: done, visit: note.number)
                _ = try journal.append(.maintenance(closed), at: stamp)
            }, on: loop
        ) { [weak self] result in
            guard let self else { return }
            if case .failure(let error) = result {
                logger.error("a technician's visit is not on record", metadata: ["cause": "\(error)"])
                _ = handle(.notRecorded)
            } else {
                logger.notice(
                    "a technician's visit is on record",
                    metadata: ["moment": "\(moment.rawValue)", "done": "\(done ?? [])", "visit": "\(note.number)"])
                hooks.journalGrew()
                _ = handle(.recorded)
            }
        }
    }

    /// Asks `maintain` on a thread of its own: an update takes minutes.
    private func perform(_ verb: MaintainVerb) {
        guard let note = machine.note else { return }
        let request = MaintainRequest(verb: verb, visit: note.serialized, successions: successions)
        let (path, mailbox, bound) = (settings.socket, loop.mailbox, loop.bound(WeakMaintenance(self)))
        DispatchQueue.global().async {
            let answer = Self.ask(request, path: path)
            _ = mailbox.post { bound.value.driver?.answered(answer, to: verb) }
        }
    }

    private static func ask(_ request: MaintainRequest, path: String) -> MaintainAnswer {
        do {
            let answer = try Client.call(
                path: path, message: ControlCoding.encode(request),
                server: ServerName(program: "otsenka-kiosk maintain", unit: "otsenka-maintain.socket"),
                maximumBytes: ControlCoding.maximumBytes, timeoutMilliseconds: verbMilliseconds)
            return try ControlCoding.decode(MaintainAnswer.self, from: answer)
        } catch {
            return .failed(.machine, reason: "\(error)")
        }
    }

    private func answered(_ answer: MaintainAnswer, to verb: MaintainVerb) {
        switch answer {
        case .done: break
        case .refused(let reason), .failed(_, let reason):
            logger.error("a verb of the visit was not done", metadata: ["verb": "\(verb.name)", "why": "\(reason)"])
        }
        _ = handle(.answered(answer))
    }

    private func look() {
        if machine.watchesSticks { _ = handle(.sticks(ports())) }
        _ = handle(.timePassed)
    }

    /// The ports that have a stick; a folder that is not there has none.
    private func ports() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: settings.sticks)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    private func arm() {
        guard let deadline = machine.deadline else {
            timer?.disarm()
            return
        }
        let left = max(0, deadline - KernelClock.boot.milliseconds)
        try? timer?.arm(afterMilliseconds: machine.watchesSticks ? min(left, Self.lookMilliseconds) : left)
    }
}

extension MaintenanceVisit.Refusal {
    var reason: String {
        switch self {
        case .anotherIsOpen: "another technician's visit is open; it ends by itself, then try again"
        case .noneIsOpen: "no technician's visit is open"
        }
    }
}

/// A driver that another thread's closure may carry without keeping it.
private struct WeakMaintenance {
    weak var driver: MaintenanceDriver?

    init(_ driver: MaintenanceDriver) { self.driver = driver }
}
