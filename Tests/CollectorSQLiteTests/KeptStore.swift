import Collecting
import CollectorSQLite
import FakeKiosk
import Foundation
import GRDB
import Ledger
import Ratings
import SeededRandom

/// A store with everything in it that can be there: four kiosks, a re-enrolment, a loss, a fork, a revocation, records
/// that were not understood, several boots and batches. Made once; tests work on copies of its file.
struct KeptStore: Sendable {
    let folder: String
    let identity: CollectorIdentity
    let now: Int64 = 1_763_800_000_000

    static let shared = Task { try await KeptStore(seed: 7) }

    init(seed: UInt64) async throws {
        folder = NSTemporaryDirectory() + "kept-\(UUID().uuidString)"
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        let collector = Collector.fake(store: store, seed: seed)
        identity = collector.identity
        try await Self.fill(collector, now: now, seed: seed)
        try store.close()
    }

    private static func fill(_ collector: Collector, now: Int64, seed: UInt64) async throws {
        var random = SplitMix(seed)
        for number in 1...4 {
            var kiosk = try await collector.enrolFake(
                "hall-\(number)", office: "office-\(number % 2)", now: now, seed: seed &+ UInt64(number))
            var sent: Int64 = 0
            for round in 1...3 {
                if round == 3 { try kiosk.reboot() }
                try kiosk.fill(upTo: kiosk.count + 6 + Int64(random.next() % 6))
                if round == 2 { try kiosk.append(.unknown(kind: "hologram")) }
                try kiosk.visit(mark: 5, flags: round == 1 ? ["burst", "equal"] : nil)
                try await send(sent + 1, kiosk.count, of: &kiosk, to: collector, now: now + Int64(round) * 60_000)
                sent = kiosk.count
            }
            try await collector.hear(&kiosk, now: now + 300_000)
            try await turn(number, &kiosk, collector, now: now + 400_000)
        }
    }

    private static func send(
        _ first: Int64, _ last: Int64, of kiosk: inout FakeKiosk, to collector: Collector, now: Int64
    ) async throws {
        if let refusal = try await collector.take(first, last, of: &kiosk, now: now) { throw refusal }
    }

    private static func turn(_ number: Int, _ kiosk: inout FakeKiosk, _ collector: Collector, now: Int64) async throws {
        switch number {
        case 1:
            var clone = kiosk
            let sent = kiosk.count
            try kiosk.visit(mark: 4)
            try clone.visit(mark: 1)
            try await send(sent + 1, kiosk.count, of: &kiosk, to: collector, now: now)
            _ = try await collector.take(sent + 1, clone.count, of: &clone, now: now)
        case 2:
            let code = try await collector.replaceKiosk(kiosk.id, now: now).code
            var next = try await collector.enrolFake(with: code, now: now, seed: 77)
            try next.fill(upTo: 9)
            try await send(1, next.count, of: &next, to: collector, now: now)
        case 3:
            try kiosk.loseJournal()
            try kiosk.fill(upTo: 9)
            try await send(1, kiosk.count, of: &kiosk, to: collector, now: now)
        default:
            try await collector.revokeKiosk(kiosk.id, reason: "stolen", now: now)
        }
    }

    /// A copy of the folder, changed by `change` behind the collector's back; gives what `verify` says of it.
    func verify(after change: @escaping @Sendable (Database) throws -> Void) async throws -> VerifyReport {
        let copy = NSTemporaryDirectory() + "vandal-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: folder, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: copy + "/" + SQLiteCollectorStore.fileName, configuration: configuration)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = OFF")
            try change(db)
        }
        try queue.close()
        return try await Self.verify(copy, identity)
    }

    static func verify(_ folder: String, _ identity: CollectorIdentity) async throws -> VerifyReport {
        let store = try SQLiteCollectorStore(folder: folder, create: false)
        let report = await Collector(identity: identity, store: store, random: { _ in [] }).verify()
        try store.close()
        return report
    }
}
