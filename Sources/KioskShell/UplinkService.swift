import FoundationEssentials
import KioskControl
import KioskJournal
import Ledger
import Logging
import Ratings
import Systemd
import Wire

/// Answers the uplink on `uplink.sock`: batches out, receipts in.
final class UplinkService {
    /// An uplink that waits for records.
    private struct Waiter {
        var records: Int
        var reply: Reply<UplinkAnswer>
        var timer: Timer
    }

    /// One uplink runs; a few may overlap while it restarts.
    static let maximumWaiters = 8
    /// The longest wait, seconds.
    static let maximumWait = 600.0

    private let kiosk: KioskFacts
    private let loop: EventLoop
    private let worker: JournalWorker
    private let logger: Logger
    private let clock: WallClock
    /// Whose signature makes a release, as the settings name them.
    private let releaseKeys: [PublicKey]
    private var server: SocketServer<UplinkRequest, UplinkAnswer>?
    private var waiters: [Waiter] = []
    /// What the last vitals were given for the collector's signed time, and when, in milliseconds of the boot clock.
    private var nonce: (text: String, made: Int64)?
    /// Takes the note of a technician's visit; hears why not, or nothing.
    private let ordered: (String, ProvedTime?, @escaping (String?) -> Void) -> Void

    init(
        socket: SocketPlace, loop: EventLoop, worker: JournalWorker, kiosk: KioskFacts, clock: WallClock,
        releaseKeys: [PublicKey], ordered: @escaping (String, ProvedTime?, @escaping (String?) -> Void) -> Void
    ) throws {
        let logger = socket.logger
        self.clock = clock
        self.releaseKeys = releaseKeys
        self.ordered = ordered
        self.loop = loop
        self.worker = worker
        self.kiosk = kiosk
        self.logger = logger
        server = try SocketServer(
            loop: loop, path: socket.path, mode: 0o660, logger: logger, refuse: { .failed(reason: $0) },
            handle: { [weak self] request, reply in self?.answer(request, reply) })
    }

    func close() {
        server?.close()
        waiters = []
    }

    /// More records wait to be sent, or fewer do.
    func backlogChanged() {
        let unsent = kiosk.unsent
        let ready = waiters.filter { $0.records <= unsent }
        waiters.removeAll { $0.records <= unsent }
        for waiter in ready { waiter.reply(.pending(records: unsent)) }
    }

    private func answer(_ request: UplinkRequest, _ reply: Reply<UplinkAnswer>) {
        switch request {
        case .identify: reply(kiosk.identity.map { .identity($0) } ?? .notEnrolled)
        case .batch(let epoch, let first, let records, let bytes): batch(epoch, first, records, bytes, reply)
        case .lastReceipted(let epoch): lastReceipted(before: epoch, reply)
        case .wait(let records, let seconds): wait(for: records, seconds, reply)
        case .receipt(let note): accept(note, reply)
        case .verdict(let verdict):
            kiosk.heard(verdict)
            reply(.received)
        case .vitals: vitals(reply)
        case .follow(let successions): follow(successions, reply)
        case .orders(let orders, let time): take(orders, time, reply)
        }
    }

    /// Of all orders only the note of a technician's visit is known.
    private func take(_ orders: [String], _ time: String, _ reply: Reply<UplinkAnswer>) {
        guard let note = orders.first(where: { $0.hasPrefix("otsenka/maintenance/") }) else { return reply(.received) }
        ordered(note, provedTime(time)) { reason in reply(reason.map { .refused(reason: $0) } ?? .received) }
    }

    /// The collector's time, if it was signed for our own nonce a short while ago.
    private func provedTime(_ note: String) -> ProvedTime? {
        guard let identity = kiosk.identity, let nonce,
            let seconds = SignedTime.seconds(
                in: note, kiosk: identity.kiosk, nonce: nonce.text, collector: identity.collectorName,
                key: identity.receiptKey)
        else { return nil }
        return ProvedTime(
            seconds: Int64(clamping: seconds), asked: nonce.made, heard: KernelClock.boot.milliseconds)
    }

    private func follow(_ notes: [String], _ reply: Reply<UplinkAnswer>) {
        let stamp = clock.stamp()
        perform(reply) { [releaseKeys] journal throws(JournalError) in
            (try journal.follow(notes, releaseRoots: releaseKeys, at: stamp), journal.facts)
        } answer: { [weak self, kiosk] trusted, facts in
            kiosk.journalChanged(facts)
            self?.backlogChanged()
            return .keys(receiptKey: trusted.receiptKey, authority: trusted.authority?.base64EncodedString())
        }
    }

    private func batch(
        _ epoch: Int?, _ first: Int64?, _ records: Int, _ bytes: Int, _ reply: Reply<UplinkAnswer>
    ) {
        perform(reply) { journal throws(JournalError) in
            try journal.batch(epoch: epoch, first: first, maximumRecords: records, maximumBytes: bytes)
        } answer: { [kiosk] batch in
            Self.answer(batch, at: kiosk.time())
        }
    }

    private func lastReceipted(before epoch: Int?, _ reply: Reply<UplinkAnswer>) {
        perform(reply) { journal throws(JournalError) in
            try journal.lastReceipted(before: epoch)
        } answer: { [kiosk] batch in
            Self.answer(batch, at: kiosk.time())
        }
    }

    private static func answer(_ batch: JournalBatch?, at now: KioskTime) -> UplinkAnswer {
        guard let batch else { return .nothing }
        return .batch(
            Batch(
                kiosk: batch.enrolment.kiosk, epoch: batch.enrolment.epoch, first: batch.first, last: batch.last,
                lines: batch.lines, checkpoint: batch.checkpoint, head: batch.head, receipt: batch.receipt, now: now))
    }

    private func wait(for records: Int, _ seconds: Double, _ reply: Reply<UplinkAnswer>) {
        let unsent = kiosk.unsent
        guard records > unsent, seconds > 0, waiters.count < Self.maximumWaiters else {
            return reply(.pending(records: unsent))
        }
        do {
            let timer = try loop.timer { [weak self] in self?.waitEnded(reply) }
            try timer.arm(afterMilliseconds: Int64(min(seconds, Self.maximumWait) * 1000))
            waiters.append(Waiter(records: records, reply: reply, timer: timer))
        } catch {
            reply(.failed(reason: "\(error)"))
        }
    }

    private func waitEnded(_ reply: Reply<UplinkAnswer>) {
        waiters.removeAll { $0.reply === reply }
        reply(.pending(records: kiosk.unsent))
    }

    private func accept(_ note: String, _ reply: Reply<UplinkAnswer>) {
        perform(reply) { journal throws(JournalError) in
            let head = try journal.accept(receipt: note)
            return (head, journal.facts)
        } answer: { [kiosk] head, facts in
            kiosk.journalChanged(facts)
            // Whatever batch was not taken, the collector is past it.
            kiosk.set(.refusedBatch, false)
            return .received
        }
    }

    private func vitals(_ reply: Reply<UplinkAnswer>) {
        let fresh = Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        nonce = (fresh, KernelClock.boot.milliseconds)
        perform(reply) { journal throws(JournalError) in
            (try journal.headCheckpoint(), journal.facts)
        } answer: { [kiosk] head, facts in
            kiosk.journalChanged(facts)
            guard let head, let enrolment = facts.enrolment else { return .notEnrolled }
            return .vitals(
                Vitals(
                    kiosk: enrolment.kiosk, epoch: enrolment.epoch, head: head, receipt: facts.receipt,
                    now: kiosk.time(), unsent: Int(facts.unsent), marks: kiosk.marks.map(\.rawValue).sorted(),
                    program: Release.version, nonce: fresh, maintenance: facts.maintenance))
        }
    }

    /// Work on the journal whose answer is made on the loop.
    private func perform<Value: Sendable>(
        _ reply: Reply<UplinkAnswer>, _ work: @escaping @Sendable (Journal) throws(JournalError) -> Value,
        answer: @escaping (Value) -> UplinkAnswer
    ) {
        worker.perform(work, on: loop) { result in
            switch result {
            case .success(let value): reply(answer(value))
            case .failure(.receipt(let refusal)): reply(.refused(reason: "\(refusal)"))
            case .failure(.notEnrolled): reply(.notEnrolled)
            case .failure(let error): reply(.failed(reason: "\(error)"))
            }
        }
    }
}

extension JournalWorker {
    /// Like `perform`, with the completion on the loop's thread.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (Journal) throws(JournalError) -> Value, on loop: EventLoop,
        completion: @escaping (Result<Value, JournalError>) -> Void
    ) {
        let mailbox = loop.mailbox
        let bound = loop.bound(completion)
        perform(work) { result in _ = mailbox.post { bound.value(result) } }
    }
}
