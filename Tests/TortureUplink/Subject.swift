import Collecting
import CollectorSQLite
import FoundationEssentials
import Ledger
import Ratings
import RealPrograms
import Torture

/// One kiosk's records as a collector holds them.
struct StoredChain: Sendable {
    /// In the order in which they are kept; a record that is kept twice stands here twice.
    var records: [(sequence: Int64, hash: ChainHash)] = []
    /// The mark of each session that reports would count; nothing where the subject derives none.
    var marks: [(session: SessionID, mark: Int?)]?
    var quarantined: [Int64] = []
}

/// A collector under test: the real one, or one that is wrong on purpose.
protocol CollectorSubject: AnyObject {
    var port: UInt16 { get }
    /// Gives the one-time code.
    func add(_ kiosk: String) throws -> String
    /// Ends it and reads what it has kept, by kiosk.
    func finish() async throws -> [String: StoredChain]
}

/// `otsenka-collector serve`.
final class RealCollector: CollectorSubject {
    private let region: Region
    private let place: RealPrograms.Place

    init(_ name: String, at place: RealPrograms.Place) throws {
        self.place = place
        region = try Region(name, at: place)
    }

    var port: UInt16 { UInt16(region.address.split(separator: ":").last ?? "") ?? 0 }

    func add(_ kiosk: String) throws -> String { try region.add(kiosk) }

    /// `otsenka-collector verify`; throws what it finds.
    func verify() throws {
        _ = try Child.output(
            [place.program("otsenka-collector"), "verify", "--dir", region.folder], log: region.folder + ".verify")
    }

    func finish() async throws -> [String: StoredChain] {
        region.stop()
        return try await StoredChain.all(in: region.folder)
    }
}

extension StoredChain {
    /// What the store in the folder of a collector that is not running holds, by kiosk.
    static func all(in folder: String) async throws -> [String: StoredChain] {
        let store = try SQLiteCollectorStore(folder: folder, create: false)
        defer { try? store.close() }
        return try await store.read { snapshot in
            var chains: [String: StoredChain] = [:]
            for epoch in try snapshot.epochs() {
                var chain = StoredChain()
                try snapshot.forEachLine(of: epoch.chain) { chain.records.append(($0, ChainHash(of: $1))) }
                chain.marks = try snapshot.sessions(of: epoch.chain).map { ($0.session, $0.overall) }
                chain.quarantined = try snapshot.quarantined(of: epoch.chain).map(\.sequence)
                chains[epoch.kiosk.rawValue] = chain
            }
            return chains
        }
    }
}

extension Tried {
    /// Every record that was thanked is there once and as it was written, and nothing that no kiosk wrote. `written` are
    /// all records of the kiosk's journal, thanked or of the program itself.
    mutating func compare(_ kiosk: String, thanked: Thanked, written: [ChainHash], stored: StoredChain?) {
        guard let stored else { return violate("\(kiosk): the collector knows nothing of it") }
        for (sequence, hash) in thanked.hashes.sorted(by: { $0.key < $1.key })
        where written.count < sequence || written[Int(sequence) - 1] != hash {
            violate("\(kiosk): record \(sequence) is no longer in its own journal")
        }
        var seen: Set<Int64> = []
        for (sequence, hash) in stored.records {
            if !seen.insert(sequence).inserted { violate("\(kiosk): record \(sequence) is stored twice") }
            guard sequence >= 1, sequence <= written.count else {
                violate("\(kiosk): record \(sequence) was never written")
                continue
            }
            if written[Int(sequence) - 1] != hash { violate("\(kiosk): record \(sequence) was altered") }
        }
        for sequence in 1...Int64(max(1, written.count)) where !seen.contains(sequence) {
            violate("\(kiosk): record \(sequence) is missing")
        }
        guard let marks = stored.marks else { return }
        if marks.count != thanked.marks.count {
            violate("\(kiosk): \(marks.count) sessions are counted, and \(thanked.marks.count) were shown")
        }
        for (session, mark) in marks where thanked.marks[session] != .some(mark) {
            violate("\(kiosk): session \(session) counts with another mark")
        }
    }
}
