import Collecting
import CollectorSQLite
import Foundation
import GRDB
import Ledger
import Ratings
import SeededRandom
import Torture

extension CollectorTortures {
    /// G26: a try is one store changed behind the collector's back and then verified; a fault is a change that was made.
    public static let vandalism = Torture("G26 vandalism", tries: 1000) { trial in
        try await vandalism(trial, by: Verifier.real)
    }

    /// G26: a try is a store in which everything happened that honestly can; a fault is such an event.
    public static let cleanStores = Torture("G26 false alarms", tries: 100) { trial in
        var row = Tried("G26 false alarms", seed: trial.seed)
        for index in 0..<trial.tries {
            let kept = try await KeptStore(seed: trial.seed &+ UInt64(index), in: trial.place.folder)
            defer { try? FileManager.default.removeItem(atPath: kept.folder) }
            let lines = try await KeptStore.export(kept.folder, kept.identity)
            // With every list that was given away, and with each of them alone.
            for lists in [kept.lists] + kept.lists.map({ [$0] }) {
                let report = Verifier.real(lists, kept.identity.key.publicKey, lines)
                if let fault = report.first { row.violate("store \(index): false alarm: \(fault)") }
            }
            let own = try await KeptStore.verify(kept.folder, kept.identity, against: kept.lists)
            if let fault = own.faults.first { row.violate("store \(index): false alarm of the store's own: \(fault)") }
            row.faults += lines.count { $0.starts(with: Data("event ".utf8)) }
            row.tries += 1
            trial.progress.tell(row, of: trial.tries)
        }
        return row
    }

    /// With another verifier: the proof that the torture sees what a wrong one overlooks.
    static func vandalism(_ trial: Trial, by verifier: Verifier.Function) async throws -> Tried {
        var row = Tried("G26 vandalism", seed: trial.seed)
        var random = SplitMix(trial.seed)
        var kept: KeptStore?
        for index in 0..<trial.tries {
            if index % 50 == 0 {
                if let kept { try? FileManager.default.removeItem(atPath: kept.folder) }
                kept = try await KeptStore(seed: random.next(), in: trial.place.folder)
            }
            guard let kept else { break }
            let attack = Attack(kept: kept, index: index, seed: random.next())
            if let violation = try await attack.violation(verifier) { row.violate("try \(index), \(violation)") }
            row.tries += 1
            row.faults += 1
            trial.progress.tell(row, of: trial.tries)
        }
        if let kept { try? FileManager.default.removeItem(atPath: kept.folder) }
        return row
    }
}

/// What judges an export: the product's verifier, or a wrong one.
enum Verifier {
    typealias Function = @Sendable (_ lists: [SignedHeads], _ key: PublicKey, _ lines: [Data]) -> [VerifyFault]

    static let real: Function = { lists, key, lines in
        var verifier = EvidenceVerifier(lists: lists, key: key)
        for line in lines { verifier.take(line) }
        let report = verifier.end()
        return report.verified.faults + report.contradictions.map { VerifyFault(what: "\($0)") }
    }
}

/// One store, one to three changes, and what must be found.
private struct Attack: Sendable {
    let kept: KeptStore
    let index: Int
    let seed: UInt64

    /// What an attack did, written on the database's queue before it is read.
    private final class Done: @unchecked Sendable {
        var names: [String] = []
        /// The range in which the first bad record of a chain lies; chains as they are called outside.
        var ranges: [ChainName: ClosedRange<Int64>] = [:]
        var isExported = true
        var isRemoved: ChainName?
    }

    /// Nothing if the change was found and its first bad record named.
    func violation(_ verifier: Verifier.Function) async throws -> String? {
        let done = Done()
        let copy =
            switch index % 5 {
            case 0, 1: try await struck(1, done)
            case 2: try await struck(2 + index / 5 % 2, done)
            default: try await insider(done)
            }
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let faults = try await faults(copy, done, verifier)
        let what = "“\(done.names.joined(separator: "” and “"))”"
        if faults.isEmpty { return "\(what) was not found" }
        if let name = done.isRemoved, !faults.contains(where: { $0.names(name) && $0.sequence == 1 }) {
            return "\(what): \(name) is gone, and is not named in \(faults.prefix(3))"
        }
        for (name, range) in done.ranges {
            guard let fault = faults.first(where: { $0.names(name) && $0.sequence != nil }) else {
                return "\(what): no record of \(name) is named, but \(range) is bad: \(faults.prefix(3))"
            }
            let last = fault.sequence ?? 0
            let named = min(fault.since ?? last, last)...last
            // Of several changes one may make an earlier record bad than each does alone: a moved epoch has none left.
            guard named.overlaps(range) || done.names.count > 1 && last < range.lowerBound else {
                return "\(what): \(name) is bad from \(range) on, and \(named) is named: \(faults.prefix(3))"
            }
        }
        return nil
    }

    private func faults(_ copy: String, _ done: Done, _ verifier: Verifier.Function) async throws -> [VerifyFault] {
        let key = kept.identity.key.publicKey
        do {
            guard done.isExported else {
                return try await KeptStore.verify(copy, kept.identity, against: kept.lists).faults
            }
            return verifier(kept.lists, key, try await KeptStore.export(copy, kept.identity))
        } catch let error as StoreError {
            // A store that cannot even be opened or exported says so; then nothing can be named.
            done.ranges = [:]
            done.isRemoved = nil
            return [VerifyFault(what: error.message)]
        }
    }

    /// Strangers to the collector's key.
    private func struck(_ count: Int, _ done: Done) async throws -> String {
        try await kept.copy { db in
            var random = SplitMix(seed)
            let vandals = count == 1 ? Vandal.all : Vandal.all.filter(\.isExported)
            while done.names.count < count {
                let vandal = vandals[Int(random.next() % UInt64(vandals.count))]
                let names = try Self.names(db)
                // What another vandal took away cannot be changed any more.
                guard let mark = try? Optional.some(vandal.strike(db, &random)) else { continue }
                done.names.append(vandal.name)
                done.isExported = vandal.isExported
                guard let mark, let name = names[mark.chain] else { continue }
                let first = min(done.ranges[name]?.lowerBound ?? .max, mark.sequence)
                done.ranges[name] = first...first
            }
            // Several at once may hide one another: a dropped kiosk has no bad record.
            if count > 1 {
                let left = Set(try Self.names(db).values)
                done.ranges = done.ranges.filter { left.contains($0.key) }
            }
        }
    }

    private static func names(_ db: Database) throws -> [Int64: ChainName] {
        var names: [Int64: ChainName] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT chain, kiosk, epoch FROM epoch") {
            guard let kiosk = KioskID(rawValue: row["kiosk"]) else { continue }
            names[row["chain"]] = ChainName(kiosk: kiosk, epoch: row["epoch"])
        }
        return names
    }

    /// Somebody with the collector's key.
    private func insider(_ done: Done) async throws -> String {
        let insider = Insider.all[Int(seed % UInt64(Insider.all.count))]
        done.names = [insider.name]
        let identity = kept.identity
        let lists = Lists()
        let copy = try await kept.copy { db in
            var random = SplitMix(seed)
            var rows = Insiders(db: db, identity: identity)
            let names = try Self.names(db)
            if let (chain, range) = try insider.strike(&rows, &random), let name = names[chain] {
                done.ranges[name] = range
            }
            done.isRemoved = rows.isRemoved
            try rows.reseal()
            lists.kept = rows.listsKept ?? kept.lists.count
            try db.execute(sql: "DELETE FROM heads")
        }
        let store = try SQLiteCollectorStore(folder: copy, create: false)
        let collector = Collector(identity: identity, store: store, random: { _ in [] })
        for list in kept.lists.prefix(lists.kept) {
            try await collector.makeHeads(day: list.list.day, now: list.list.time * 1000)
        }
        try store.close()
        return copy
    }

    private final class Lists: @unchecked Sendable { var kept = 0 }
}

extension VerifyFault {
    fileprivate func names(_ chain: ChainName) -> Bool { kiosk == chain.kiosk && epoch == chain.epoch }
}
