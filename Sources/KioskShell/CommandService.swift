import Dialog
import FoundationEssentials
import Glibc
import KioskControl
import KioskJournal
import Ledger
import Logging
import Ratings
import Systemd

/// Where a socket is and who writes down its troubles.
struct SocketPlace {
    var path: String
    var logger: Logger
}

/// Answers commands on `control.sock`: facts, the check of the chain, exports, visits and the enrolment.
final class CommandService {
    /// What only the program around this service can tell or do.
    struct Hooks {
        var screen: () -> String
        var devices: () -> [String]
        var display: () -> String
        var pressToFrame: () -> PressToFrame?
        var readiness: () -> Readiness
        var visit: (Visit, @escaping (VisitRefusal?) -> Void) -> Void
        /// Ends the open session, whose records belong to one chain, and then goes on with the enrolment.
        var enrolling: (@escaping () -> Void) -> Void
        /// Whether the kiosk has just been enrolled: either way the dialog may open.
        var enrolled: (Bool) -> Void
        /// An enrolment failed.
        var enrolmentFailed: (EnrolmentTrouble) -> Void
        /// More records wait to be sent, or fewer do.
        var backlogChanged: () -> Void
        /// A record was stored on command.
        var journalGrew: () -> Void
        /// Takes the note of a technician's visit; hears why not, or nothing.
        var openMaintenance: (String, @escaping (String?) -> Void) -> Void
        /// Ends the visit; gives why not, or nothing.
        var endMaintenance: () -> String?
    }

    /// How many lines one `export` answer may hold, and their bytes.
    static let exportRecords = 500
    static let exportBytes = 256 << 10

    private let kiosk: KioskFacts
    private let loop: EventLoop
    private let worker: JournalWorker
    private let clock: WallClock
    private let hooks: Hooks
    private var server: SocketServer<CommandRequest, CommandAnswer>?

    init(
        socket: SocketPlace, loop: EventLoop, worker: JournalWorker, kiosk: KioskFacts, clock: WallClock,
        hooks: Hooks
    ) throws {
        self.clock = clock
        self.loop = loop
        self.worker = worker
        self.kiosk = kiosk
        self.hooks = hooks
        server = try SocketServer(
            loop: loop, path: socket.path, mode: 0o600, logger: socket.logger, refuse: { .failed(reason: $0) },
            handle: { [weak self] request, reply in self?.answer(request, reply) })
    }

    func close() { server?.close() }

    private func answer(_ request: CommandRequest, _ reply: Reply<CommandAnswer>) {
        switch request {
        case .status: status(reply)
        case .verify: verify(reply)
        case .export(let first): export(first, reply)
        case .waiting(let first): waiting(first, reply)
        case .batchFile(let epoch, let first, let records): batchFile(epoch, first, records, reply)
        case .exported(let ranges, let medium): exported(ranges, medium, reply)
        case .receipt(let note): accept(note, reply)
        case .visit(let visit):
            hooks.visit(visit) { refusal in reply(refusal.map { .refused(reason: $0.reason) } ?? .done) }
        case .certify(let transportKey): certify(transportKey, reply)
        case .enrol(let enrolment): enrol(enrolment, reply)
        case .enrolmentFailed(let trouble):
            hooks.enrolmentFailed(trouble)
            reply(.done)
        case .changeKey: changeKey(reply)
        case .transportGeneration:
            perform(reply) { journal throws(JournalError) in
                journal.nextTransportGeneration
            } answer: {
                .generation($0)
            }
        case .vouch(let note): vouch(note, reply)
        case .openMaintenance(let note):
            hooks.openMaintenance(note) { reason in reply(reason.map { .refused(reason: $0) } ?? .done) }
        case .identify:
            reply(kiosk.identity.map { .identity($0) } ?? .refused(reason: "\(JournalError.notEnrolled)"))
        case .endMaintenance: reply(hooks.endMaintenance().map { .refused(reason: $0) } ?? .done)
        }
    }

    private func changeKey(_ reply: Reply<CommandAnswer>) {
        let (stamp, seconds) = (clock.stamp(), Int64(Date.now.timeIntervalSince1970))
        perform(reply) { journal throws(JournalError) in
            try journal.changeKey(at: stamp, seconds: seconds)
            return journal.facts
        } answer: { [kiosk, hooks] facts in
            kiosk.journalChanged(facts)
            hooks.journalGrew()
            return .done
        }
    }

    private func vouch(_ note: String, _ reply: Reply<CommandAnswer>) {
        let stamp = clock.stamp()
        perform(reply) { journal throws(JournalError) in
            (try journal.vouch(for: note, at: stamp), journal.facts)
        } answer: { [kiosk, hooks] succession, facts in
            kiosk.journalChanged(facts)
            hooks.journalGrew()
            return .succession(note: succession.serialized)
        }
    }

    private func status(_ reply: Reply<CommandAnswer>) {
        perform(reply) { journal throws(JournalError) in
            _ = try journal.capacity()
            return journal.facts
        } answer: { [kiosk, hooks] facts in
            kiosk.journalChanged(facts)
            return .status(
                KioskStatus(
                    kiosk: facts.enrolment?.kiosk, epoch: facts.enrolment?.epoch,
                    collector: facts.enrolment?.collector, screen: hooks.screen(), records: facts.head?.sequence ?? 0,
                    receipted: facts.receipted, unsent: facts.unsent, devices: hooks.devices(),
                    display: hooks.display(), marks: kiosk.marks.map(\.rawValue).sorted(), program: Release.version,
                    now: kiosk.time(), pressToFrameMicroseconds: hooks.pressToFrame(),
                    missing: hooks.readiness().missing))
        }
    }

    private func verify(_ reply: Reply<CommandAnswer>) {
        let mailbox = loop.mailbox
        let bound = loop.bound(reply)
        worker.verify { result in
            let answer: CommandAnswer =
                switch result {
                case .success(.intact(let records, let head)?):
                    .verified(records: records, head: head.hash.base64)
                case .success(.broken(_, let sequence, let reason)?): .broken(sequence: sequence, reason: reason)
                case .success: .verified(records: 0, head: "")
                case .failure(let error): .failed(reason: "\(error)")
                }
            _ = mailbox.post { bound.value(answer) }
        }
    }

    private func export(_ first: Int64, _ reply: Reply<CommandAnswer>) {
        perform(reply) { journal throws(JournalError) in
            try journal.batch(
                epoch: journal.enrolment?.epoch, first: first, maximumRecords: Self.exportRecords,
                maximumBytes: Self.exportBytes)
        } answer: { batch in
            .lines(batch?.lines ?? [], checkpoint: batch?.checkpoint)
        }
    }

    private func waiting(_ first: Int64?, _ reply: Reply<CommandAnswer>) {
        perform(reply) { journal throws(JournalError) in
            try journal.waiting(first: first)
        } answer: { spans in
            .waiting(spans.map { RecordRange(epoch: $0.epoch, first: $0.first, last: $0.last) })
        }
    }

    private func batchFile(_ epoch: Int, _ first: Int64, _ records: Int, _ reply: Reply<CommandAnswer>) {
        let now = kiosk.time()
        let created = Int64(Glibc.time(nil))
        perform(reply) { journal throws(JournalError) in
            try journal.batchFile(
                epoch: epoch, first: first, maximumRecords: records, bootMilliseconds: now.bootMilliseconds,
                created: created)
        } answer: { file in
            .file(file.serialized, RecordRange(epoch: file.epoch, first: file.first, last: file.last))
        }
    }

    private func exported(_ ranges: [RecordRange], _ medium: String, _ reply: Reply<CommandAnswer>) {
        let now = kiosk.time()
        let stamp = RecordStamp(bootMilliseconds: now.bootMilliseconds, wall: now.wall, clock: now.clock)
        perform(reply) { journal throws(JournalError) in
            for range in ranges.prefix(Self.exportRecords) {
                let isEarlier = range.epoch != journal.enrolment?.epoch
                let export = Export(
                    first: range.first, last: range.last, medium: medium == "qr" ? "qr" : "files",
                    epoch: isEarlier ? range.epoch : nil)
                _ = try journal.append(.export(export), at: stamp)
            }
            return journal.facts
        } answer: { [kiosk, hooks] facts in
            kiosk.journalChanged(facts)
            hooks.backlogChanged()
            return .done
        }
    }

    private func accept(_ note: String, _ reply: Reply<CommandAnswer>) {
        perform(reply) { journal throws(JournalError) in
            (try journal.accept(carried: note), journal.facts)
        } answer: { [kiosk, hooks] carried, facts in
            kiosk.journalChanged(facts)
            hooks.backlogChanged()
            return .receipted(epoch: carried.epoch, sequence: carried.receipted, isNew: carried.isNew)
        }
    }

    private func certify(_ transportKey: PublicKey, _ reply: Reply<CommandAnswer>) {
        perform(reply) { journal throws(JournalError) in
            TransportCertificate(
                journalKey: journal.publicKey, transportKey: transportKey,
                signature: try journal.certify(transportKey: transportKey),
                newestEpoch: journal.enrolment?.epoch ?? 0)
        } answer: {
            .certified($0)
        }
    }

    private func enrol(_ enrolment: Enrolment, _ reply: Reply<CommandAnswer>) {
        let identity = enrolment.identity
        let opened = JournalEnrolment(
            kiosk: identity.kiosk, epoch: identity.epoch, journalKey: identity.journalKey,
            collector: identity.collector, collectorName: identity.collectorName, receiptKey: identity.receiptKey,
            collectorNonce: enrolment.collectorNonce)
        hooks.enrolling { [weak self] in self?.open(opened, reply) }
    }

    private func open(_ enrolment: JournalEnrolment, _ reply: Reply<CommandAnswer>) {
        perform(reply) { journal throws(JournalError) in
            try journal.enrol(enrolment)
            return journal.facts
        } answer: { [kiosk, hooks] facts in
            kiosk.journalChanged(facts)
            hooks.enrolled(true)
            return .done
        } failed: { [hooks] in
            hooks.enrolled(false)
        }
    }

    private func perform<Value: Sendable>(
        _ reply: Reply<CommandAnswer>, _ work: @escaping @Sendable (Journal) throws(JournalError) -> Value,
        answer: @escaping (Value) -> CommandAnswer, failed: @escaping () -> Void = {}
    ) {
        worker.perform(work, on: loop) { result in
            if case .failure = result { failed() }
            switch result {
            case .success(let value): reply(answer(value))
            case .failure(.receipt(let refusal)): reply(.refused(reason: "\(JournalError.receipt(refusal))"))
            case .failure(.notEnrolled): reply(.refused(reason: "\(JournalError.notEnrolled)"))
            case .failure(.staleEpoch(let asked, let newest)):
                reply(.refused(reason: "\(JournalError.staleEpoch(asked: asked, newest: newest))"))
            case .failure(let error): reply(.failed(reason: "\(error)"))
            }
        }
    }
}
