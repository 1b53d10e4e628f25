import Crypto
import Dialog
import DialogScreens
import Display
import Drawing
import Evdev
import FoundationEssentials
import Glibc
import KioskControl
import KioskJournal
import KioskWeb
import Logging
import Questionnaires
import Ratings
import Systemd

/// `otsenka-kiosk run`: one loop that owns the screen, the input devices, the journal and the sockets.
///
/// Open sequence: settings and questionnaire (checked before this), journal, display with its first frame, sockets, input,
/// READY. Whatever fails names itself; a failure of the store ends the program with 75, to be started again.
public final class Kiosk {
    private let settings: KioskSettings
    private let form: LoadedQuestionnaire
    private let logger: Logger
    private let loop: EventLoop
    private let worker: JournalWorker
    private let facts: KioskFacts
    private let clock = WallClock()
    private var console: Console?
    private var screen: Screen?
    /// Nothing can be recorded: nobody is asked.
    private var isFull = false
    /// Why the last try to enrol this kiosk failed.
    private var enrolmentTrouble: EnrolmentTrouble?
    /// This start's own records are in the store.
    private var isStartOnRecord = false
    private var roomTimer: Timer?
    private var dialog: DialogDriver?
    private var input: InputDriver?
    private var uplink: UplinkService?
    private var commands: CommandService?
    private var web: WebServer?
    private var contacts: ContactTracker
    private var latencies = PressLatencies()
    private var signals: [SignalWatch] = []
    private var heart: Heart?
    private var housekeeping: Housekeeping?
    private var maintenance: MaintenanceDriver?

    /// Opens the journal and the loop. Throws `JournalError`, `SystemdError`.
    public init(settings: KioskSettings, form: LoadedQuestionnaire, logger: Logger) throws {
        self.settings = settings
        self.form = form
        self.logger = logger
        loop = try EventLoop()
        let stamp = clock.stamp()
        let folder = settings.dataFolder
        let opened = Box<JournalFacts>()
        worker = try JournalWorker { () throws(JournalError) in
            let journal = try Journal.openOrQuarantine(directory: folder, at: stamp)
            _ = try journal.capacity()
            opened.value = journal.facts
            return journal
        }
        guard let journal = opened.value else { preconditionFailure("an opened journal has told its facts") }
        facts = KioskFacts(journal: journal, clock: clock)
        contacts = ContactTracker(keys: settings.input.meanings ?? [:])
    }

    /// Runs until a signal or a failure; gives the exit status (Contract). Throws what keeps it from starting.
    public func run() throws -> Int32 {
        defer { close() }
        try start()
        let status = try loop.run()
        _ = try? ServiceManager.notify(.stopping)
        return status
    }

    private func start() throws {
        if let setAside = facts.journal.setAside {
            logger.critical("a damaged journal was set aside", metadata: ["why": "\(setAside.reason)"])
        }
        for number in [SIGTERM, SIGINT] {
            signals.append(try loop.onSignal(number) { [weak self] _ in self?.shutDown() })
        }
        console = settings.display.coverConsole(logger)
        let screen = try Screen(
            loop: loop, settings: settings.display, questionnaire: form.questionnaire, logger: logger)
        self.screen = screen
        screen.lost = { [weak self] isLost in self?.facts.set(.noDisplay, isLost) }
        facts.set(.noDisplay, screen.panel == nil)
        try startDialog(on: screen)
        try startSockets()
        try startInput()
        try startWeb(on: screen)
        heart = try Heart(loop: loop, worker: worker, logger: logger)
        housekeeping = try Housekeeping(loop: loop, worker: worker, clock: clock, logger: logger)
        checkRest()
        try ServiceManager.notify(.ready, .status("asking"))
        logger.notice(
            "the kiosk is running",
            metadata: ["display": "\(screen.name)", "kiosk": "\(facts.identity?.kiosk.rawValue ?? "not enrolled")"])
    }

    /// After a failure of a large store: its older records are looked at while the dialog is open.
    private func checkRest() {
        guard facts.journal.isUnderCheck else { return }
        let mailbox = loop.mailbox
        let loop = loop.bound(self.loop)
        worker.checkRest { [logger] result in
            switch result {
            case .success: logger.notice("every record was checked after the failure")
            case .failure(.damaged(_, let reason)):
                logger.critical("the journal is damaged; the next start sets it aside", metadata: ["why": "\(reason)"])
                _ = mailbox.post { loop.value.stop(status: 75) }
            case .failure(let error):
                logger.error("the records were not checked after the failure", metadata: ["cause": "\(error)"])
            }
        }
    }

    private func startDialog(on screen: Screen) throws {
        let enrolled = facts.journal.enrolment != nil
        let machine = DialogMachine(
            questionnaire: form.questionnaire, limits: settings.dialog.limits, language: settings.dialog.language,
            closed: enrolled ? nil : .notEnrolled, newSession: { SessionID(bits: .random(in: .min ... .max)) })
        let dialog = try DialogDriver(
            loop: loop, worker: worker, machine: machine, clock: clock, runtimeFolder: settings.runtimeFolder,
            logger: logger,
            orders: DialogDriver.Orders(
                show: { [weak self] view in self?.show(view) },
                appended: { [weak self] _ in self?.journalGrew() },
                restart: { [weak self] in self?.loop.stop(status: 75) }))
        self.dialog = dialog
        facts.marksChanged = { [weak self] in self?.marksChanged() }
        let (mailbox, bound) = (loop.mailbox, loop.bound(dialog))
        worker.whenPoisoned { _ = mailbox.post { bound.value.storeFailed() } }
        dialog.begin()
        if screen.panel != nil { try ServiceManager.notify(.status("first frame")) }
        screen.redrawn = { [weak self] in self?.dialog.map { self?.show($0.view) } }
        marksChanged()
        if enrolled { recordStart() }
    }

    private func startSockets() throws {
        let maintenance = try MaintenanceDriver(
            loop: loop, worker: worker, clock: clock, settings: settings.maintenance, logger: logger,
            hooks: MaintenanceDriver.Hooks(
                isAtRest: { [weak self] in self?.dialog?.isAtRest == true },
                changed: { [weak self] in self?.openOrClose() },
                journalGrew: { [weak self] in self?.journalGrew() }))
        self.maintenance = maintenance
        let folder = settings.runtimeFolder
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
        uplink = try UplinkService(
            socket: SocketPlace(path: folder + "/uplink.sock", logger: logger), loop: loop, worker: worker,
            kiosk: facts, clock: clock, releaseKeys: settings.releaseKeys,
            ordered: { [weak maintenance] note, time, reply in maintenance?.open(note, proved: time, reply: reply) })
        commands = try CommandService(
            socket: SocketPlace(path: folder + "/control.sock", logger: logger), loop: loop, worker: worker,
            kiosk: facts, clock: clock,
            hooks: CommandService.Hooks(
                screen: { [weak self] in self?.dialog?.view.screen.name ?? "" },
                devices: { [weak self] in self?.input?.descriptions.map(\.summary) ?? [] },
                display: { [weak self] in self?.screen?.name ?? "" },
                pressToFrame: { [weak self] in self?.latencies.summary },
                readiness: { [weak self] in self?.readiness ?? Readiness() },
                visit: { [weak self] visit, reply in self?.dialog?.take(visit, reply: reply) },
                enrolling: { [weak self] then in self?.dialog?.close(.notEnrolled, then: then) },
                enrolled: { [weak self] in self?.enrolled($0) },
                enrolmentFailed: { [weak self] in self?.enrolmentFailed($0) },
                backlogChanged: { [weak self] in self?.uplink?.backlogChanged() },
                journalGrew: { [weak self] in self?.journalGrew() },
                openMaintenance: { [weak maintenance] note, reply in maintenance?.open(note, reply: reply) },
                endMaintenance: { [weak maintenance] in maintenance?.finish() }))
    }

    private func startInput() throws {
        let input = try InputDriver(loop: loop, settings: settings.input.settings, logger: logger) {
            [weak self] event, readAt in
            self?.took(event, readAt: readAt)
        }
        self.input = input
        input.start()
        inputChanged()
    }

    private func startWeb(on screen: Screen) throws {
        guard settings.display.backend == .web, let panel = screen.panel else { return }
        let bridge = WebPanelBridge(loop: loop, panel: panel) { [weak self] in self?.pointed($0) }
        bridge.shown(panel.frames)
        let loop = loop.bound(self.loop)
        let mailbox = self.loop.mailbox
        web = WebServer(bridge: bridge, port: settings.display.webPort, logger: logger) {
            _ = mailbox.post { loop.value.stop(status: 69) }
        }
    }

    // MARK: - What happens

    /// `readAt`: when the kernel's event was read; nothing for a pointer that no kernel told of.
    private func took(_ event: InputEvent, readAt: Int64?) {
        let frames = screen?.panel?.frames
        let size = { [weak self] x, y in self?.screen?.panel?.target(x: x, y: y) }
        for heard in contacts.events(for: event, target: size) { dialog?.handle(heard) }
        if let readAt, event.kind.isPress, frames != screen?.panel?.frames {
            latencies.add(nanoseconds: KernelClock.monotonic.nanoseconds - readAt)
        }
        switch event.kind {
        case .deviceAdded, .deviceRemoved: inputChanged()
        default: break
        }
    }

    private func pointed(_ event: PointerEvent) {
        guard let panel = screen?.panel else { return }
        let size = panel.display.canvas.size
        guard let edge = WebPointer.edge(for: event, width: size.width, height: size.height) else { return }
        took(edge, readAt: nil)
    }

    private func show(_ view: DialogView) {
        screen?.show(view)
        maintenance?.dialogChanged()
        if let frames = screen?.panel?.frames { web?.bridge.shown(frames) }
    }

    /// A record was stored: the uplink may be waiting for it.
    private func journalGrew() {
        refreshFacts()
    }

    private func refreshFacts() {
        worker.perform({ journal throws(JournalError) in journal.facts }, on: loop) { [weak self] result in
            guard let self, case .success(let facts) = result else { return }
            self.facts.journalChanged(facts)
            uplink?.backlogChanged()
        }
    }

    /// A kiosk that has a collector already goes on asking.
    private func enrolmentFailed(_ trouble: EnrolmentTrouble) {
        logger.error("an enrolment failed", metadata: ["code": "\(trouble.rawValue)", "why": "\(trouble)"])
        enrolmentTrouble = trouble
        if facts.journal.enrolment == nil { openOrClose() }
    }

    private func enrolled(_ isNew: Bool) {
        if isNew {
            logger.notice("the kiosk is enrolled", metadata: ["kiosk": "\(facts.identity?.kiosk.rawValue ?? "")"])
            recordStart()
        }
        if facts.journal.enrolment != nil { openOrClose() }
    }

    /// Nobody can press anything: say so instead of asking; and open again when a device comes.
    private func inputChanged() {
        guard let input else { return }
        let isMissing = !input.hasDevices && settings.display.backend != .web
        guard facts.marks.contains(.noInput) != isMissing else { return }
        facts.set(.noInput, isMissing)
        if isMissing {
            logger.error(
                "there is no input device",
                metadata: ["next": "connect a touch panel or a button box; it is taken at once when it appears"])
        }
        openOrClose()
    }

    private var readiness: Readiness {
        Readiness(
            hasDrawn: screen?.panel.map { $0.frames > 0 } == true && !facts.marks.contains(.noDisplay),
            isEnrolled: facts.journal.enrolment != nil, isStartOnRecord: isStartOnRecord,
            hasInput: input?.hasDevices == true, isInputForbidden: input?.isForbidden == true)
    }

    /// Why nobody is asked; nothing while the dialog may be open.
    private var closing: ClosedReason? {
        if facts.journal.enrolment == nil {
            return enrolmentTrouble.map { .enrolmentFailed(code: $0.rawValue) } ?? .notEnrolled
        }
        if let notice = maintenance?.notice { return .maintenance(notice) }
        if isFull { return .storeFull }
        return facts.marks.contains(.noInput) ? .noInput : nil
    }

    private func openOrClose() { dialog?.handle(closing.map(DialogEvent.setClosed) ?? .opened) }

    private func marksChanged() { dialog?.handle(.setTechnicianMark(!facts.marks.isEmpty)) }

    private func shutDown() {
        logger.notice("the kiosk is stopping")
        dialog?.handle(.shutdown)
        heart?.finish { [weak self] in self?.dialog?.isSettled ?? true }
    }

    private func close() {
        housekeeping?.stop()
        maintenance?.stop()
        input?.stop()
        uplink?.close()
        uplink = nil
        commands?.close()
        commands = nil
        web?.stop()
        screen?.close()
        console?.close()
        console = nil
        try? worker.close()
    }

    /// What a start puts on record: the start itself, the form that is asked, the sessions that the last stop left open.
    private func recordStart() {
        let program = Boot(hardware: Release.hardwareDigest(), program: Release.version)
        let config = Applied(
            name: "questionnaire", version: form.questionnaire.reference,
            digest: Data(SHA256.hash(data: form.bytes)).base64EncodedString())
        let failed = FailedAnswerFile(folder: settings.runtimeFolder)
        let stamp = clock.stamp()
        worker.perform(
            { journal throws(JournalError) in
                let lines = try journal.newest(OpenSessions.recordsLookedAt)
                for end in OpenSessions.ends(of: lines, refused: failed.read()) {
                    _ = try journal.append(.session(end), at: stamp)
                }
                if let end = MaintenanceDriver.end(of: lines) { _ = try journal.append(.maintenance(end), at: stamp) }
                _ = try journal.append(.boot(program), at: stamp)
                _ = try journal.append(.config(config), at: stamp)
                failed.remove()
                return journal.facts
            }, on: loop
        ) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let facts):
                isStartOnRecord = true
                self.facts.journalChanged(facts)
                uplink?.backlogChanged()
                guard isFull else { return }
                isFull = false
                logger.notice("there is room again")
                openOrClose()
            case .failure(.full(let path)): waitForRoom(path)
            case .failure(let error):
                logger.critical("the start could not be recorded", metadata: ["cause": "\(error)"])
                loop.stop(status: error.exitStatus)
            }
        }
    }
}

// MARK: - A full disk

extension Kiosk {
    /// How often a full disk is looked at.
    private static let roomMilliseconds: Int64 = 2_000

    /// Nothing can be recorded, so nobody is asked (`reliability.md` §7, “When full”) until there is room again.
    private func waitForRoom(_ path: String) {
        if !isFull {
            logger.critical(
                "the disk is full: nobody is asked any more",
                metadata: [
                    "journal": "\(path)", "next": "free space, or let the uplink deliver; it opens again by itself",
                ])
        }
        isFull = true
        facts.set(.diskFull, true)
        openOrClose()
        lookForRoomLater()
    }

    private func lookForRoomLater() {
        do {
            let timer = try roomTimer ?? loop.timer { [weak self] in self?.lookForRoom() }
            roomTimer = timer
            try timer.arm(afterMilliseconds: Self.roomMilliseconds)
        } catch {
            logger.critical("no timer can be set; the program starts again", metadata: ["cause": "\(error)"])
            loop.stop(status: 75)
        }
    }

    private func lookForRoom() {
        worker.perform({ journal throws(JournalError) in try journal.capacity() }, on: loop) { [weak self] result in
            switch result {
            case .success(let capacity) where capacity.level == .full: self?.lookForRoomLater()
            case .success: self?.recordStart()
            case .failure(let error): self?.loop.stop(status: error.exitStatus)
            }
        }
    }
}

extension ClosedReason {
    /// No room for records: fault 3 of the technician's guide.
    static let storeFull = ClosedReason.fault(code: 3)

    /// No touch panel and no buttons: fault 2 of the technician's guide.
    static let noInput = ClosedReason.fault(code: 2)
}

extension InputEvent.Kind {
    /// Whether a finger or a key went down.
    fileprivate var isPress: Bool {
        switch self {
        case .down, .key(_, _, pressed: true): true
        default: false
        }
    }
}

/// A place for a value that a closure leaves behind before its caller goes on.
private final class Box<Value>: @unchecked Sendable {
    // Unchecked: written on the worker's queue while the caller waits for it, read after.
    var value: Value?
}
