import Foundation
import KioskControl
import Ledger
import Ratings
import Testing
import UnixSocket

/// What `otsenka-kiosk run` answers on its sockets, with a journal in memory. It judges receipts as the real one does.
final class FakeRun: @unchecked Sendable {
    // Unchecked: everything that changes is behind the lock.
    let folder: String
    let journalKey = SigningKey()
    private let lock = NSLock()
    private var identity: KioskIdentity?
    private var lines: [String] = []
    private var receipted: Int64 = 0
    private var receipt: String?
    private var told: [Verdict] = []
    private var troubles: [EnrolmentTrouble] = []
    private var stopped = false

    init() throws {
        folder = NSTemporaryDirectory() + "otsenka-uplink-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var verdicts: [Verdict] { lock.withLock { told } }
    var enrolmentTroubles: [EnrolmentTrouble] { lock.withLock { troubles } }
    var receiptedCount: Int64 { lock.withLock { receipted } }
    var enrolled: KioskIdentity? { lock.withLock { identity } }

    func enrol(_ identity: KioskIdentity) { lock.withLock { self.identity = identity } }

    /// As a `run` whose journal is gone.
    func forget() { lock.withLock { identity = nil } }

    func press(_ count: Int) {
        lock.withLock {
            for _ in 0..<count { lines.append(#"{"seq":\#(lines.count + 1),"kind":"answer"}"#) }
        }
    }

    /// Answers on both sockets until `stop`.
    func start() throws {
        lock.withLock { stopped = false }
        for name in ["uplink.sock", "control.sock"] {
            let listener = try Listener(
                path: folder + "/" + name, mode: 0o600,
                limits: ConnectionLimits(messageBytes: ControlCoding.maximumBytes))
            nonisolated(unsafe) let handedOver = listener
            Thread.detachNewThread { [self] in serve(handedOver, name == "uplink.sock") }
        }
    }

    /// Closes the sockets, as a `run` does that is started anew.
    func stop() {
        lock.withLock { stopped = true }
        while FileManager.default.fileExists(atPath: folder + "/uplink.sock")
            || FileManager.default.fileExists(atPath: folder + "/control.sock")
        { usleep(1_000) }
    }

    private var isStopped: Bool { lock.withLock { stopped } }

    private func serve(_ listener: Listener, _ isUplink: Bool) {
        var connection: Connection?
        while !isStopped {
            var request = pollfd(
                fd: connection?.descriptor ?? listener.descriptor,
                events: Int16(connection?.hasUnsent == true ? POLLIN | POLLOUT : POLLIN), revents: 0)
            _ = poll(&request, 1, 10)
            guard request.revents != 0 else { continue }
            do {
                guard let open = connection else {
                    connection = try listener.accept()
                    continue
                }
                try open.flush()
                guard case .messages(let messages) = try open.receive() else {
                    connection = nil
                    continue
                }
                for message in messages { try open.send(isUplink ? uplink(message) : command(message)) }
            } catch { connection = nil }
        }
    }

    private func uplink(_ message: Data) throws -> Data {
        let request = try ControlCoding.decode(UplinkRequest.self, from: message)
        if case .wait(let records, let seconds) = request {
            let end = ContinuousClock.now + .seconds(min(seconds, 0.5))
            while !isStopped, ContinuousClock.now < end, lock.withLock({ pending }) < records { usleep(1_000) }
        }
        return try ControlCoding.encode(try lock.withLock { try answer(request) })
    }

    private var pending: Int { lines.count - Int(receipted) }

    private func answer(_ request: UplinkRequest) throws -> UplinkAnswer {
        guard let identity else { return .notEnrolled }
        switch request {
        case .identify: return .identity(identity)
        case .wait: return .pending(records: pending)
        case .batch(_, let first, let records, _):
            let first = first ?? receipted + 1
            guard first <= lines.count else { return .nothing }
            let last = min(Int64(lines.count), first + Int64(records) - 1)
            return .batch(
                Batch(
                    kiosk: identity.kiosk, epoch: identity.epoch, first: first, last: last,
                    lines: Array(lines[Int(first - 1)..<Int(last)]), checkpoint: try checkpoint(last),
                    head: try checkpoint(Int64(lines.count)), receipt: receipt, now: Self.now))
        case .lastReceipted: return .nothing
        case .receipt(let note): return accept(note, identity)
        case .verdict(let verdict):
            told.append(verdict)
            return .received
        case .follow(let successions): return follow(successions)
        case .orders: return .received
        case .vitals:
            return .vitals(
                Vitals(
                    kiosk: identity.kiosk, epoch: identity.epoch, head: try checkpoint(Int64(lines.count)),
                    receipt: receipt, now: Self.now, unsent: pending, marks: ["no_input"], program: "test"))
        }
    }

    /// Follows the receipt key as the journal does.
    private func follow(_ notes: [String]) -> UplinkAnswer {
        guard var identity else { return .notEnrolled }
        let read = notes.compactMap { try? KeySuccession(parsing: $0) }
        let keys = KeySuccession.keys(
            .receipt, of: identity.collectorName, from: identity.receiptKey, over: read)
        identity.receiptKey = keys.last ?? identity.receiptKey
        self.identity = identity
        return .keys(receiptKey: identity.receiptKey, authority: nil)
    }

    private func accept(_ note: String, _ identity: KioskIdentity) -> UplinkAnswer {
        do {
            let checkpoint = try Checkpoint(parsing: note, kiosk: identity.kiosk.rawValue, key: journalKey.publicKey)
            _ = try checkpoint.receiptTime(of: identity.collectorName, key: identity.receiptKey)
            let head = checkpoint.head
            guard head.sequence > receipted, head.sequence <= lines.count,
                head.hash == ChainHash(of: Data(lines[Int(head.sequence - 1)].utf8))
            else { return .refused(reason: "not for these records") }
            receipted = head.sequence
            receipt = note
            return .received
        } catch { return .refused(reason: "\(error)") }
    }

    private func checkpoint(_ sequence: Int64) throws -> String {
        guard let identity else { return "" }
        let hash = ChainHash(of: Data((sequence > 0 ? lines[Int(sequence - 1)] : "genesis").utf8))
        let head = ChainHead(kiosk: identity.kiosk.rawValue, epoch: identity.epoch, sequence: sequence, hash: hash)
        return try Checkpoint(head: head, signedWith: journalKey).serialized
    }

    private func command(_ message: Data) throws -> Data {
        let answer: CommandAnswer
        switch try ControlCoding.decode(CommandRequest.self, from: message) {
        case .certify(let key):
            let statement = TransportStatement.bytes(journalKey: journalKey.publicKey, transportKey: key)
            answer = .certified(
                TransportCertificate(
                    journalKey: journalKey.publicKey, transportKey: key,
                    signature: try journalKey.signature(over: statement).base64EncodedString()))
        case .enrol(let enrolment):
            enrol(enrolment.identity)
            answer = .done
        case .enrolmentFailed(let trouble):
            lock.withLock { troubles.append(trouble) }
            answer = .done
        case .identify:
            answer = enrolled.map { .identity($0) } ?? .refused(reason: "not enrolled")
        default: answer = .refused(reason: "not part of this test")
        }
        return try ControlCoding.encode(answer)
    }

    private static let now = KioskTime(
        boot: 3, bootMilliseconds: 12_345, wall: "2026-11-22T09:00:00.000Z", clock: .synced)
}
