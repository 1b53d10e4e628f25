import Dialog
import FoundationEssentials
import KioskJournal
import Logging
import Ratings
import Systemd

/// Performs what the dialog decides: stores its records, shows its view, wakes it in time.
final class DialogDriver {
    /// What the program around the dialog has to do.
    struct Orders {
        /// Show this view now.
        var show: (DialogView) -> Void
        /// A record became durable.
        var appended: (AppendedRecord) -> Void
        /// The store has failed: end with status 75, to be started again.
        var restart: () -> Void
    }

    private let loop: EventLoop
    private let worker: JournalWorker
    private let clock: WallClock
    private let logger: Logger
    private let failedAnswer: FailedAnswerFile
    private let orders: Orders
    private var machine: DialogMachine
    private var timer: Timer?
    private var visitReply: ((VisitRefusal?) -> Void)?
    /// Wait for the end of the open session.
    private var whenSettled: [() -> Void] = []

    init(
        loop: EventLoop, worker: JournalWorker, machine: DialogMachine, clock: WallClock, runtimeFolder: String,
        logger: Logger, orders: Orders
    ) throws {
        self.loop = loop
        self.worker = worker
        self.machine = machine
        self.clock = clock
        self.logger = logger
        self.orders = orders
        failedAnswer = FailedAnswerFile(folder: runtimeFolder)
        timer = try loop.timer { [weak self] in self?.handle(.timePassed) }
    }

    var view: DialogView { machine.view }
    var isSettled: Bool { machine.isSettled }

    /// Whether no visitor is before the screen.
    var isAtRest: Bool {
        switch machine.view.screen {
        case .idle, .closed: machine.isSettled
        case .question, .thanks, .notRecorded: false
        }
    }

    /// Shows the present view; the first frame of the program.
    func begin() {
        orders.show(machine.view)
        arm()
    }

    /// Takes one event and does what follows from it.
    func handle(_ event: DialogEvent) {
        let actions = machine.handle(event, at: KernelClock.monotonic.milliseconds)
        // The store works while the picture is drawn, and the drawing is not counted as its time.
        let (records, others) = (actions.filter(\.concernsRecords), actions.filter { !$0.concernsRecords })
        for action in records { perform(action) }
        // A press is on the next frame, whatever the disk is doing.
        orders.show(machine.view)
        for action in others { perform(action) }
        arm()
        guard machine.isSettled else { return }
        let waiting = whenSettled
        whenSettled = []
        for waits in waiting { waits() }
    }

    /// The store failed over something else than a record of the dialog. Nobody may press on it: the open session ends,
    /// and then the program. A failure that the visitor is being told of, or will be, ends it by itself.
    func storeFailed() {
        guard !machine.awaitsStore, machine.view.screen != .notRecorded else { return }
        logger.error("the store has failed; it is opened again")
        close(.storeFault) { [orders] in orders.restart() }
    }

    /// Closes the dialog, and does `then` when its open session has ended with all its records durable.
    func close(_ reason: ClosedReason, then: @escaping () -> Void) {
        whenSettled.append(then)
        handle(.setClosed(reason))
    }

    /// A visit has ended; `reply` hears at once why it is refused, or nothing when it is taken.
    func take(_ visit: Visit, reply: @escaping (VisitRefusal?) -> Void) {
        visitReply = reply
        handle(.visit(visit))
        visitReply = nil
    }

    private func perform(_ action: DialogAction) {
        switch action {
        case .append(let body, let token): append(body, token)
        case .visitTaken: visitReply?(nil)
        case .visitRefused(let refusal): visitReply?(refusal)
        case .failedAnswer(let session, let question):
            failedAnswer.write(FailedAnswer(session: session, question: question))
        case .storeSilent: logger.error("the store has not answered in time; the program starts again")
        case .restart: orders.restart()
        }
    }

    private func append(_ body: RecordBody, _ token: AppendToken) {
        let mailbox = loop.mailbox
        let driver = loop.bound(WeakDriver(self))
        worker.append(body, at: clock.stamp()) { result in
            // A box that is full means a loop that stands still; the dialog's own limit for the store then ends it.
            _ = mailbox.post { driver.value.driver?.appended(result, token) }
        }
    }

    private func appended(_ result: Result<AppendedRecord, JournalError>, _ token: AppendToken) {
        switch result {
        case .success(let record):
            orders.appended(record)
            handle(.stored(token))
        case .failure(let error):
            logger.error("a record was not stored", metadata: ["cause": "\(error)"])
            handle(.storeFailed(token))
        }
    }

    private func arm() {
        guard let deadline = machine.deadline else {
            timer?.disarm()
            return
        }
        try? timer?.arm(atMilliseconds: deadline)
    }
}

extension DialogAction {
    /// What the store, or the next start, is told before the screen changes.
    fileprivate var concernsRecords: Bool {
        switch self {
        case .append, .failedAnswer: true
        case .visitTaken, .visitRefused, .storeSilent, .restart: false
        }
    }
}

/// A driver that other threads' closures may carry without keeping it.
private struct WeakDriver {
    weak var driver: DialogDriver?

    init(_ driver: DialogDriver) { self.driver = driver }
}

extension WallClock {
    /// The stamp of a record that is made now.
    func stamp() -> RecordStamp {
        let (wall, state) = now()
        return RecordStamp(bootMilliseconds: KernelClock.boot.milliseconds, wall: wall, clock: state)
    }
}
