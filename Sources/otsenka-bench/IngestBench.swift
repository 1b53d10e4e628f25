// What it costs to take records, against the least that it could cost.
//
// `load` makes valid signed batches of several kiosks. `throughCollector` takes them in this process: signatures,
// chain, projections, store, receipt. `baseline` then writes exactly the rows that the store wrote, in the same order,
// with the same tables, indexes and pragmas, by prepared inserts through SQLite's C API, one commit for each batch.

import Collecting
import CollectorSQLite
import FakeKiosk
import Foundation
import GRDBSQLite
import Ledger
import Ratings
import Wire

/// Batches that wait to be sent, and the collector that enrolled their kiosks.
struct IngestLoad {
    /// The questions of the default questionnaire beside `overall` (`domain.md` §3.1).
    static let criteria = ["waiting", "politeness", "comfort", "information", "competence"]

    var kiosks: [FakeKiosk] = []
    /// One batch of each kiosk after the other, as they would arrive.
    var requests: [(kiosk: Int, request: FakeRequest)] = []

    var records: Int { requests.reduce(0) { $0 + Int($1.request.last - $1.request.first + 1) } }

    /// Enrols `count` kiosks and makes `batches` batches of `size` records for each. `compress` as in
    /// `FakeKiosk.upload`.
    static func make(
        for collector: Collector, kiosks count: Int, batches: Int, size: Int,
        compress: ((Data) throws -> Data)? = nil
    ) async throws -> IngestLoad {
        var load = IngestLoad()
        var perKiosk: [[FakeRequest]] = []
        for number in 0..<count {
            var kiosk = try await collector.enrolFake(
                "bench-\(number)", now: 1_763_800_000_000, seed: UInt64(number + 1))
            var requests: [FakeRequest] = []
            for batch in 0..<batches {
                let last = Int64((batch + 1) * size)
                while kiosk.count < last { try kiosk.rate(1 + Int(kiosk.count) % 5, criteria: criteria) }
                requests.append(try kiosk.upload(last - Int64(size) + 1, last, compress: compress))
            }
            load.kiosks.append(kiosk)
            perKiosk.append(requests)
        }
        for batch in 0..<batches {
            for kiosk in 0..<count { load.requests.append((kiosk, perKiosk[kiosk][batch])) }
        }
        return load
    }
}

/// The two figures, records a second.
struct IngestBench {
    var kiosks = 8
    var batches = 20
    var size = 500

    /// Takes the whole load in this process, `clients` kiosks at a time. The store stays in `folder` for `baseline`.
    func throughCollector(folder: String, clients: Int) async throws -> Double {
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        let collector = Collector.fake(store: store)
        let load = try await IngestLoad.make(for: collector, kiosks: kiosks, batches: batches, size: size)
        let time = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<clients {
                    group.addTask {
                        for (kiosk, request) in load.requests where kiosk % clients == client {
                            _ = try await collector.take(request, of: load.kiosks[kiosk], now: 1_763_800_100_000)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        try store.close()
        return Double(load.records) / time.seconds
    }

    /// Writes the rows of the store in `folder` again, into another file beside it.
    func baseline(folder: String) throws -> Double {
        let source = folder + "/" + SQLiteCollectorStore.fileName
        let copy = try RowCopy(from: source, to: folder + "/baseline.db")
        let time = try ContinuousClock().measure { try copy.write() }
        return Double(copy.records) / time.seconds
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
