import Collecting
import CollectorSQLite
import FakeKiosk
import Foundation
import GRDB
import SeededRandom
import Testing
import TortureCollector

@Suite struct VandalismTests {
    /// How often each vandal strikes, each time with another seed.
    static let rounds = 3

    @Test(arguments: 1...10) func `a clean store raises no alarm`(_ seed: UInt64) async throws {
        let kept = try await KeptStore(seed: seed)
        defer { try? FileManager.default.removeItem(atPath: kept.folder) }
        let report = try await KeptStore.verify(kept.folder, kept.identity)
        #expect(report.faults == [])
        #expect(report.kiosks == KeptStore.kiosks && report.chains == KeptStore.chains && report.records > 100)
    }

    @Test(arguments: Vandal.all) func `every change of the store is found and the first bad record named`(
        _ vandal: Vandal
    ) async throws {
        let kept = try await KeptStore.shared.value
        for round in 1...UInt64(Self.rounds) {
            let struck = Struck()
            let report = try await kept.verify { db in
                var random = SplitMix(round &* 7919)
                struck.mark = try vandal.strike(db, &random)
                if let chain = struck.mark?.chain {
                    struck.epoch = try Row.fetchOne(
                        db, sql: "SELECT kiosk, epoch FROM epoch WHERE chain = ?", arguments: [chain]
                    )
                    .map { ($0["kiosk"], $0["epoch"]) }
                }
            }
            #expect(!report.isClean, "round \(round): \(String(describing: struck.mark))")
            guard let mark = struck.mark, let fault = report.faults.first(where: { $0.sequence != nil }) else {
                #expect(struck.mark == nil, "round \(round): no record is named in \(report.faults)")
                continue
            }
            #expect(fault.sequence == mark.sequence, "round \(round): \(report.faults)")
            #expect(fault.kiosk?.rawValue == struck.epoch?.kiosk && fault.epoch == struck.epoch?.number)
        }
    }

    @Test func `the vandals strike more than two hundred times`() {
        #expect(Vandal.all.count * Self.rounds > 200)
    }

    @Test(arguments: 1...40) func `bytes changed in the file itself never stop verify, and no evidence changes unseen`(
        _ seed: UInt64
    ) async throws {
        let kept = try await KeptStore.shared.value
        let copy = NSTemporaryDirectory() + "flipped-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: kept.folder, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let path = copy + "/" + SQLiteCollectorStore.fileName
        var file = try Data(contentsOf: URL(filePath: path))
        let before = try Self.evidence(path)
        var random = SplitMix(seed)
        for _ in 0..<4 { file[100 + Int(random.next() % UInt64(file.count - 100))] ^= UInt8(1 << (random.next() % 8)) }
        try file.write(to: URL(filePath: path))
        let report: VerifyReport
        do {
            report = try await KeptStore.verify(copy, kept.identity)
        } catch let error as StoreError {
            // A store that does not even open says so.
            #expect(error.message.contains(path))
            return
        }
        if report.isClean { #expect(try Self.evidence(path) == before) }
    }

    /// Everything that verify covers, as text.
    private static func evidence(_ path: String) throws -> [String] {
        let queue = try DatabaseQueue(path: path)
        return try queue.read { db in
            try ["kiosk", "epoch", "record", "arrival", "branch", "session", "answer", "quarantine"].flatMap { table in
                try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map(\.description)
            }
        }
    }
}

/// What a vandal did; written on the writer's queue before it is read.
private final class Struck: @unchecked Sendable {
    var mark: Vandal.Mark?
    var epoch: (kiosk: String, number: Int)?
}
