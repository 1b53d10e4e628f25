import Collecting
import CollectorSQLite
import FakeKiosk
import Foundation
import GRDB
import Ledger
import Ratings
import SeededRandom

/// A store with everything in it that can be there: five kiosks, a re-enrolment, a loss, a fork, a card that was set
/// back, a revocation, records that were not understood, several boots and batches, and three lists of heads. Made once;
/// tests work on copies of its file.
public struct KeptStore: Sendable {
    public let folder: String
    public let identity: CollectorIdentity
    /// The lists of heads that were given away: one after the first kiosks, one of everything but what came last, one of
    /// everything.
    public let lists: [SignedHeads]
    public static let kiosks = 5
    public static let chains = 7

    public static let shared = Task { try await KeptStore(seed: 7) }

    /// Makes the folder in `parent`.
    public init(seed: UInt64, in parent: String = NSTemporaryDirectory()) async throws {
        folder = parent + "/kept-\(UUID().uuidString)"
        let now: Int64 = 1_763_800_000_000
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        let collector = Collector.fake(store: store, seed: seed)
        identity = collector.identity
        lists = try await Self.fill(collector, now: now, seed: seed)
        try store.close()
    }

    private static func fill(_ collector: Collector, now: Int64, seed: UInt64) async throws -> [SignedHeads] {
        var random = SplitMix(seed)
        var lists: [SignedHeads] = []
        func list() async throws {
            let day = "2025-11-\(22 + lists.count)"
            lists.append(try await collector.makeHeads(day: day, now: now + Int64(lists.count) * 86_400_000))
        }
        for number in 1...kiosks {
            if number == 3 { try await list() }
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
            if number == kiosks { try await list() }
            try await turn(number, &kiosk, collector, now: now + 400_000)
        }
        try await list()
        return lists
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
        case 4:
            var older = kiosk
            try kiosk.visit(mark: 2)
            try await send(kiosk.count - 2, kiosk.count, of: &kiosk, to: collector, now: now)
            older.boot += 1
            _ = try await collector.hear(&older, now: now + 60_000)
        default:
            try await collector.revokeKiosk(kiosk.id, reason: "stolen", now: now)
        }
    }

    /// A copy of the folder, changed by `change` behind the collector's back; gives what `verify` says of it.
    public func verify(after change: @escaping @Sendable (Database) throws -> Void) async throws -> VerifyReport {
        let copy = try await copy(after: change)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        return try await Self.verify(copy, identity)
    }

    /// A copy of the folder, changed by `change` behind the collector's back.
    public func copy(after change: @escaping @Sendable (Database) throws -> Void) async throws -> String {
        let copy = folder + "-vandal-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: folder, toPath: copy)
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: copy + "/" + SQLiteCollectorStore.fileName, configuration: configuration)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = OFF")
            try change(db)
        }
        try queue.close()
        return copy
    }

    public static func verify(
        _ folder: String, _ identity: CollectorIdentity, against lists: [SignedHeads] = []
    ) async throws -> VerifyReport {
        try await opened(folder, identity) { await $0.verify(against: lists) }
    }

    /// The lines of an export of a folder.
    static func export(_ folder: String, _ identity: CollectorIdentity) async throws -> [Data] {
        try await opened(folder, identity) { collector in
            var (lines, cutter) = ([Data](), LineCutter())
            var piece = try await collector.exportPiece(now: 1_900_000_000_000)
            while true {
                cutter.take(piece.lines) { lines.append($0) }
                guard let next = piece.next else { break }
                piece = try await collector.exportPiece(at: next, now: 1_900_000_000_000)
            }
            return lines + [Data("end \(lines.count)".utf8)]
        }
    }

    private static func opened<Value>(
        _ folder: String, _ identity: CollectorIdentity, _ body: (Collector) async throws -> Value
    ) async throws -> Value {
        let store = try SQLiteCollectorStore(folder: folder, create: false)
        do {
            let value = try await body(Collector(identity: identity, store: store, random: { _ in [] }))
            try store.close()
            return value
        } catch {
            try? store.close()
            throw error
        }
    }
}
