// What it costs a collector to take records, against the least that it could cost.
//
// Batches of several kiosks are made, signed and compressed before the clock starts. Then a real `otsenka-collector serve`
// takes them over HTTP: signatures, chain, projections, store, receipt. Then exactly the rows that it stored are written
// again, in the same order, with the same tables, indexes and pragmas, by prepared inserts through SQLite's C interface,
// one commit for each batch.

import CollectorSQLite
import Curl
import Dispatch
import FakeKiosk
import FoundationEssentials
import Glibc
import Gzip
import Ledger
import RealPrograms
import Synchronization
import Wire

/// Batches that wait to be sent.
private struct Load: Sendable {
    /// The questions of the default questionnaire beside `overall` (`domain.md` §3.1).
    private static let criteria = ["waiting", "politeness", "comfort", "information", "competence"]

    /// Those of each kiosk in their order.
    var batches: [[CurlRequest]] = []
    var records = 0

    /// Enrols kiosks and makes `count` batches of `size` records for each.
    init(for region: Region, kiosks: Int, batches count: Int, size: Int) throws {
        let session = try CurlSession(channel: .plainLoopback)
        for number in 0..<kiosks {
            var kiosk = try Self.enrol("bench-\(number)", with: region, through: session)
            var requests: [CurlRequest] = []
            for batch in 0..<count {
                let last = Int64((batch + 1) * size)
                while kiosk.count < last { try kiosk.rate(1 + Int(kiosk.count) % 5, criteria: Self.criteria) }
                let request = try kiosk.upload(last - Int64(size) + 1, last, compress: { try Gzip.compress($0) })
                requests.append(
                    CurlRequest(
                        method: request.head.method, url: region.address + request.head.path,
                        fields: request.head.fields.map { (name: $0.key, value: $0.value) }, body: Array(request.body)))
            }
            batches.append(requests)
            records += count * size
        }
    }

    private static func enrol(_ id: String, with region: Region, through session: CurlSession) throws -> FakeKiosk {
        guard let code = EnrolmentCode(try region.add(id)) else { throw BenchError("`kiosk add` gave no code") }
        let (journal, transport) = (SigningKey(), SigningKey())
        let request = try FakeKiosk.enrolment(code, journalKey: journal, transportKey: transport)
        let response = try session.perform(
            CurlRequest(
                method: "POST", url: region.address + Routes.enrolments,
                fields: [("Content-Type", "application/json")], body: Array(try JSONEncoder().encode(request))))
        guard response.status == 200 else { throw BenchError.refused(response) }
        let answer = try JSONDecoder().decode(EnrolmentAnswer.self, from: Data(response.body))
        var kiosk = FakeKiosk(
            id: answer.kiosk, epoch: answer.epoch, collectorNonce: answer.collectorNonce, journalKey: journal,
            transportKey: transport, seed: UInt64(answer.epoch))
        // Its clock is right: a request that is signed far from now may be refused.
        kiosk.wall = Int64(time(nil)) * 1000
        return kiosk
    }
}

/// Both figures, records a second.
struct IngestBench {
    static let goalShare = 0.4
    private static let kiosks = 8
    private static let size = 500
    /// Connections that send at once: enough that one batch is checked while another is stored.
    private static let clients = 4

    let place: Place
    let quick: Bool

    func row() throws -> Row {
        let rounds = quick ? 1 : 3
        var taken: [Double] = []
        var plain: [Double] = []
        for round in 1...rounds {
            let region = try Region("ingest-\(round)", at: place)
            progress("making batches, round \(round) of \(rounds)")
            let load = try Load(for: region, kiosks: Self.kiosks, batches: quick ? 4 : 20, size: Self.size)
            progress("sending \(load.records) records")
            let time = try ContinuousClock().measure { try Self.send(load) }
            region.stop()
            taken.append(Double(load.records) / time.seconds)
            progress("writing the same rows without a collector")
            plain.append(try baseline(region.folder, records: load.records))
        }
        return .rate(
            "collector ingest over HTTP, gzip batches of 500, \(Self.clients) connections; baseline: prepared inserts",
            median(taken), unit: "records/s", share: Self.goalShare, of: median(plain))
    }

    /// Every client sends the batches of its kiosks one after the other.
    private static func send(_ load: Load) throws {
        let failure = Mutex<BenchError?>(nil)
        let group = DispatchGroup()
        for client in 0..<clients {
            // Queues of their own, since each client blocks its thread while it waits.
            DispatchQueue(label: "client \(client)").async(group: group) {
                do {
                    let session = try CurlSession(channel: .plainLoopback)
                    for round in load.batches[0].indices {
                        for kiosk in stride(from: client, to: load.batches.count, by: clients) {
                            let response = try session.perform(load.batches[kiosk][round])
                            guard response.status == 200 else { throw BenchError.refused(response) }
                        }
                    }
                } catch {
                    failure.withLock { $0 = $0 ?? BenchError("\(error)") }
                }
            }
        }
        group.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    private func baseline(_ folder: String, records: Int) throws -> Double {
        let copy = try RowCopy(
            from: folder + "/" + SQLiteCollectorStore.fileName, to: "\(place.folder)/baseline.db")
        guard copy.records == records else {
            throw BenchError("the collector stored \(copy.records) of \(records) records")
        }
        let time = try ContinuousClock().measure { try copy.write() }
        return Double(copy.records) / time.seconds
    }
}

extension BenchError {
    fileprivate static func refused(_ response: CurlResponse) -> BenchError {
        BenchError("the collector answered \(response.status): \(String(decoding: response.body, as: UTF8.self))")
    }
}
