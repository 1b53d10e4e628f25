import Dialog
import FoundationEssentials
import KioskControl
import Ledger
import Ratings

/// `otsenka-kiosk run` without a screen: the product's dialog, the simulated journal, and one piece of work on the disk at
/// a time.
final class RunProgram {
    private unowned let box: Box
    private let world: World
    let journal: SimulatedJournal
    private(set) var machine: DialogMachine
    /// Pieces of work for the disk, the first one under way. Each does its work and gives what to do when it is told.
    private var work: [(SimulatedJournal) throws -> () -> Void] = []
    private var isWorking = false
    private var isEnding = false
    private var armed: Int64?
    private var pressed: (answer: Answer, genesis: Genesis)?
    private var whenSettled: [() -> Void] = []
    /// Called when records wait, or fewer do.
    var backlogChanged: (() -> Void)?

    init(box: Box) throws {
        self.box = box
        world = box.world
        let noted = box.disk.written.note?.boot ?? box.disk.written.store?.boot ?? 0
        journal = try SimulatedJournal(
            box: box, oracle: world.oracle, subject: world.subject, stamp: box.time(boot: noted + 1))
        machine = DialogMachine(
            questionnaire: world.questionnaire, limits: world.dialogLimits,
            closed: journal.present == nil ? .notEnrolled : nil, newSession: { [mint = world.mint] in mint.next() })
    }

    private var isAlive: Bool { box.run === self }
    private var stamp: KioskTime { box.time(boot: journal.boot) }
    var unsent: Int { Int(journal.unsent) }

    func begin() {
        box.tell("runs (boot \(journal.boot), epoch \(journal.present?.number ?? 0))")
        if journal.present != nil { recordStart() }
        arm()
        if world.scenario.keptSeconds != nil { compactLater() }
    }

    /// As `Housekeeping`.
    private func compactLater() {
        world.plan(after: world.scenario.compactMilliseconds) { [weak self] in
            guard let self, isAlive else { return }
            compact()
            compactLater()
        }
    }

    private func compact() {
        enqueue { [unowned self] journal in
            let count = try journal.compact()
            return { [unowned self] in if count > 0 { compact() } }
        } failed: { _ in
        }
    }

    /// `otsenka-kiosk key rotate journal`.
    func changeJournalKey() {
        enqueue { [unowned self] journal in
            try journal.changeKey(stamp)
            return { [unowned self] in
                box.tell("has changed its journal key")
                world.count(.journalKey)
                backlogChanged?()
            }
        } failed: { [unowned self] fault in
            box.tell("does not change its journal key: \(fault)")
        }
    }

    /// Vouches for a transport key, as asked on `control.sock`.
    func vouch(for own: KeySuccession, done: @escaping (KeySuccession) -> Void) {
        enqueue { [unowned self] journal in
            let vouched = try journal.vouch(for: own, stamp)
            return { [unowned self] in
                backlogChanged?()
                done(vouched)
            }
        } failed: { [unowned self] fault in
            box.tell("does not vouch for a transport key: \(fault)")
        }
    }

    /// What a start puts on record, as `Kiosk.recordStart`.
    private func recordStart() {
        enqueue { [unowned self] journal in
            let lines = journal.newest(OpenSessions.recordsLookedAt)
            for end in OpenSessions.ends(of: lines, refused: box.failedAnswer) {
                try journal.append(.session(end), stamp)
            }
            try journal.append(.boot(Boot(hardware: "box \(box.index)", program: "simulation")), stamp)
            box.failedAnswer = nil
            return { [unowned self] in backlogChanged?() }
        } failed: { [unowned self] _ in
            stop()
        }
    }

    func clockChanged(from old: String, to new: String) {
        guard journal.present != nil else { return }
        enqueue { [unowned self] journal in
            try journal.append(.clock(ClockChange(old: old, new: new)), stamp)
            return {}
        } failed: { _ in
        }
    }

    /// The program ends with 75 and is started again.
    private func stop() {
        guard isAlive else { return }
        box.tell("ends itself after a failure of its store")
        box.endRun()
    }

    // MARK: The disk

    /// Does `body` when the disk has come to it; `failed` hears of its error.
    func enqueue(
        _ body: @escaping (SimulatedJournal) throws -> () -> Void, failed: @escaping (DiskFault) -> Void
    ) {
        guard work.count < 64 else { return failed(.failed) }
        work.append { journal in
            do {
                return try body(journal)
            } catch let fault as DiskFault {
                if fault == .interrupted { throw fault }
                return { failed(fault) }
            }
        }
        next()
    }

    private func next() {
        guard !isWorking, !work.isEmpty else { return }
        isWorking = true
        let slow = box.diskTrouble == .slow && world.draw(4) == 0
        world.plan(after: slow ? 1_000 + world.draw(7_000) : 2 + world.draw(9)) { [weak self] in
            guard let self, isAlive else { return }
            isWorking = false
            let first = work.removeFirst()
            let told = (try? first(journal)) ?? {}
            told()
            endIfPoisoned()
            if isAlive { next() }
        }
    }

    /// As `DialogDriver.storeFailed`.
    private func endIfPoisoned() {
        guard isAlive, journal.isPoisoned, !isEnding, !machine.awaitsStore, machine.view.screen != .notRecorded else {
            return
        }
        isEnding = true
        whenSettled.append { [unowned self] in stop() }
        handle(.setClosed(.storeFault))
    }

    /// Power or process go away: of what is under way, a part may have reached the disk, and nobody is told.
    func interrupt() {
        guard isWorking, let first = work.first else { return }
        journal.commitsLeft = Int(world.draw(world.scenario.changesKeys ? 5 : 3))
        _ = try? first(journal)
    }

    // MARK: The dialog

    /// Takes an event and does what follows, as `DialogDriver`.
    func handle(_ event: DialogEvent) {
        let before = machine.view
        let actions = machine.handle(event, at: world.now)
        for action in actions { perform(action) }
        watch(before, machine.view)
        guard isAlive else { return }
        arm()
        guard machine.isSettled else { return }
        let waiting = whenSettled
        whenSettled = []
        for waits in waiting { waits() }
    }

    private func perform(_ action: DialogAction) {
        switch action {
        case .append(let body, let token): append(body, token)
        case .visitTaken, .visitRefused, .storeSilent: break
        case .failedAnswer(let session, let question):
            box.failedAnswer = FailedAnswer(session: session, question: question)
        case .restart: stop()
        }
    }

    private func append(_ body: RecordBody, _ token: AppendToken) {
        let stamp = stamp
        enqueue { [unowned self] journal in
            try journal.append(body, stamp)
            if case .answer(let answer) = body, let chain = journal.present {
                pressed = (answer, chain.enrolment.genesis)
            }
            return { [unowned self] in
                backlogChanged?()
                handle(.stored(token))
            }
        } failed: { [unowned self] _ in
            handle(.storeFailed(token))
        }
    }

    /// What the visitor sees: the next question, or «Спасибо», acknowledges the answer before it.
    private func watch(_ before: DialogView, _ after: DialogView) {
        if case .question(let old) = before.screen {
            switch after.screen {
            case .question(let new) where new.number != old.number: acknowledged()
            case .thanks: acknowledged()
            case .notRecorded:
                if let failed = box.failedAnswer { world.oracle.deny(failed) }
            default: break
            }
        }
    }

    private func acknowledged() {
        guard let pressed else { return }
        world.oracle.thank(pressed.answer, in: pressed.genesis)
        self.pressed = nil
    }

    private func arm() {
        guard let deadline = machine.deadline, armed != deadline else { return }
        armed = deadline
        world.plan(after: max(0, deadline - world.now)) { [weak self] in
            guard let self, isAlive, armed == deadline else { return }
            armed = nil
            handle(.timePassed)
        }
    }

    // MARK: Enrolment

    /// Stores an enrolment when the open session has ended, as `Kiosk` does; `done` hears whether the kiosk took it.
    func enrol(_ enrolment: Enrolment, done: @escaping (Bool) -> Void) {
        whenSettled.append { [unowned self] in open(enrolment, done: done) }
        handle(.setClosed(.notEnrolled))
    }

    private func open(_ enrolment: Enrolment, done: @escaping (Bool) -> Void) {
        enqueue { [unowned self] journal in
            let isTaken = try journal.enrol(enrolment)
            return { [unowned self] in
                box.tell(isTaken ? "is enrolled as epoch \(enrolment.identity.epoch)" : "holds a newer epoch")
                if isTaken { recordStart() }
                if journal.present != nil { handle(.opened) }
                if isTaken { backlogChanged?() }
                done(isTaken)
            }
        } failed: { [unowned self] _ in
            if journal.present != nil { handle(.opened) }
            done(false)
        }
    }
}
