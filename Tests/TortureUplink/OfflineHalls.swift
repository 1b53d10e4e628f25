import BatchFiles
import Collecting
import CollectorSQLite
import FakeKiosk
import FoundationEssentials
import Glibc
import Gzip
import KioskJournal
import Ledger
import SeededRandom
import Torture
import Wire

/// Who takes a batch file; the right one is the collector.
public struct BatchImporter: Sendable {
    public var take: @Sendable (_ collector: Collector, _ file: Data, _ now: Int64) async throws -> ImportedBatch

    public init(_ take: @escaping @Sendable (Collector, Data, Int64) async throws -> ImportedBatch) { self.take = take }

    public static let collector = BatchImporter { collector, data, now in
        try await collector.take(try BatchFile(parsing: data), now: now) {
            try Gzip.decompress($0, atMost: WireLimits.bytesPerBatch)
        }
    }
}

/// G22: a hall without a network. Two kiosks with real journals, a real collector's store, a stick between them that is
/// read twice, in the wrong order, with files missing, damaged, exchanged and of an older epoch, while the line comes and
/// goes and delivers late. One try is one such story; faults are files that were refused, repeated or reported as a gap.
public enum OfflineHalls {
    public static let torture = Torture("G22 offline halls", tries: 1000) { trial in
        try await run(trial, importer: .collector)
    }

    public static func run(_ trial: Trial, importer: BatchImporter) async throws -> Tried {
        var row = Tried("G22 offline halls", seed: trial.seed)
        for number in 0..<trial.tries {
            let seed = trial.seed &+ UInt64(number) &* 0x9E37_79B9
            let folder = try Self.folder(of: trial, number)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let story = try await OfflineStory(folder: folder, seed: seed, importer: importer)
            do { try await story.tell() } catch { story.violate("it ended early: \(error)") }
            row.tries += 1
            row.faults += story.faults
            for violation in story.violations { row.violate("story \(number): \(violation)") }
            trial.progress.tell(row, of: trial.tries)
        }
        return row
    }

    /// No story pulls a plug, so it may take place in memory, where an fsync costs nothing.
    private static func folder(of trial: Trial, _ number: Int) throws -> String {
        var template = Array("/dev/shm/otsenka-g22.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return try trial.place.subfolder("g22-\(number)") }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// One try.
final class OfflineStory {
    private(set) var faults = 0
    private(set) var violations: [String] = []
    private let collector: Collector
    private let store: SQLiteCollectorStore
    private let kiosks: [OfflineKiosk]
    private let importer: BatchImporter
    private var random: SplitMix
    private let time = TrueTime()
    /// Whole files as they were exported.
    private var stick: [Data] = []
    private var receipts: [String] = []
    /// Requests that were answered and that the network still holds a copy of.
    private var copies: [(kiosk: OfflineKiosk, request: OfflineKiosk.Request)] = []

    init(folder: String, seed: UInt64, importer: BatchImporter) async throws {
        random = SplitMix(seed)
        self.importer = importer
        store = try SQLiteCollectorStore(folder: folder + "/collector", create: true)
        collector = Collector.fake(store: store, seed: seed)
        kiosks = [
            try await OfflineKiosk(
                "hall-a", directory: folder + "/a", collector: collector, time: time, seed: seed &+ 1),
            try await OfflineKiosk(
                "hall-b", directory: folder + "/b", collector: collector, time: time, seed: seed &+ 2),
        ]
    }

    func violate(_ what: String) { violations.append(what) }

    func tell() async throws {
        defer { try? store.close() }
        for _ in 0..<Int.random(in: 10...24, using: &random) { try await step() }
        try await settle()
        try await compare()
    }

    private func step() async throws {
        time.now += Int64.random(in: 1000...86_400_000, using: &random)
        let kiosk = kiosks[Int.random(in: 0..<2, using: &random)]
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<5:
            for _ in 0..<Int.random(in: 1...8, using: &random) { try kiosk.rate(Int.random(in: 1...5, using: &random)) }
        case 5..<9: stick += try kiosk.export(recordsPerFile: Int.random(in: 1...12, using: &random))
        case 9..<13: try await importSome()
        case 13..<15: try await goOnline(kiosk)
        case 15: try await deliverCopies()
        case 16...17: try restart(kiosk)
        case 18: if Bool.random(using: &random) { try takeReceipts() } else { stick = [] }
        default:
            try await kiosk.enrolAgain(collector)
            try kiosk.rate(5)
        }
    }

    /// What is left to do when the faults stop: everything must arrive.
    private func settle() async throws {
        try await deliverCopies()
        try await importSome()
        for kiosk in kiosks { stick += try kiosk.export(recordsPerFile: 500) }
        let ordered = stick.compactMap { data in (try? BatchFile(parsing: data)).map { ($0, data) } }
            .sorted { BatchFile.comesBefore($0.0, $1.0) }
        for _ in 0..<2 { for (_, data) in ordered { try await importWhole(data) } }
        try takeReceipts()
    }

    // MARK: - The stick

    private func importSome() async throws {
        guard !stick.isEmpty else { return }
        var round = stick.filter { _ in Int.random(in: 0..<10, using: &random) != 0 }
        round += stick.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
        for data in round.shuffled(using: &random) {
            if Int.random(in: 0..<3, using: &random) == 0 { try await importDamaged(data) }
            try await importWhole(data)
        }
    }

    /// A file as it was exported: what must come of it is known.
    private func importWhole(_ data: Data) async throws {
        guard let file = try? BatchFile(parsing: data) else { return violate("an exported file cannot be read") }
        let stored = try await head(of: file.kiosk.rawValue, epoch: file.epoch)
        do {
            let imported = try await importer.take(collector, data, time.now)
            receipts.append(imported.receipt)
            if imported.new == 0 { faults += 1 }
            if file.first > stored + 1 {
                violate("records \(file.first)-\(file.last) were taken after record \(stored)")
            }
            if imported.new != max(0, file.last - stored) {
                violate("of records \(file.first)-\(file.last) after \(stored), \(imported.new) were new")
            }
        } catch let refusal as Refusal {
            faults += 1
            if refusal.error != .gap || file.first <= stored + 1 || refusal.need != stored + 1 {
                violate(
                    "records \(file.first)-\(file.last) after \(stored): \(refusal.error) \(refusal.need ?? 0): "
                        + refusal.message)
            }
        }
    }

    /// A file that somebody or something has changed. Whether anything wrong was taken, `compare` tells; some changes
    /// change nothing (an unused bit of base64).
    private func importDamaged(_ data: Data) async throws {
        guard let other = stick.randomElement(using: &random),
            let damage = StickDamage.allCases.randomElement(using: &random)
        else { return }
        let damaged = try damage.applied(to: data, other: other, random: &random)
        do { receipts.append(try await importer.take(collector, damaged, time.now).receipt) } catch is Refusal {
            faults += 1
        } catch is BatchFileError { faults += 1 }
    }

    private func head(of kiosk: String, epoch: Int) async throws -> Int64 {
        guard let id = kiosks.first(where: { $0.id.rawValue == kiosk })?.id else { return 0 }
        return try await store.read { try $0.epoch(id, epoch)?.head.sequence ?? 0 }
    }

    // MARK: - The line

    private func restart(_ kiosk: OfflineKiosk) throws {
        try kiosk.restart(wall: Int64.random(in: 0...2_145_900_000, using: &random))
        // What a network holds of a machine that has started again is days old in this story, and minutes in the world.
        copies.removeAll { $0.kiosk === kiosk }
    }

    /// An upload; before it is delivered, the same records and later ones may arrive as files.
    private func goOnline(_ kiosk: OfflineKiosk) async throws {
        guard let request = try kiosk.request(records: Int.random(in: 1...40, using: &random)) else { return }
        if Bool.random(using: &random) {
            stick += try kiosk.export(recordsPerFile: Int.random(in: 1...12, using: &random))
            try await importSome()
        }
        do {
            let receipt = try await kiosk.send(request, to: collector)
            // An answer may be lost; one that arrives is handed on at once, for `run` forgets at its end what it sent.
            if Int.random(in: 0..<4, using: &random) != 0 { _ = try kiosk.journal.accept(carried: receipt) }
        } catch let refusal as Refusal {
            // Whatever was imported, the lowest records without a receipt are the right ones to send.
            violate("an upload of \(request.first)-\(request.last) was refused: \(refusal.message)")
        }
        copies.append((kiosk, request))
    }

    private func deliverCopies() async throws {
        for (kiosk, request) in copies.shuffled(using: &random) {
            faults += 1
            _ = try kiosk.journal.accept(carried: try await kiosk.send(request, to: collector))
        }
        copies = []
    }

    // MARK: - The way back

    private func takeReceipts() throws {
        for note in receipts.shuffled(using: &random) {
            var owners = 0
            for kiosk in kiosks {
                do {
                    _ = try kiosk.journal.accept(carried: note)
                    owners += 1
                } catch JournalError.receipt {}
            }
            if owners != 1 { violate("a receipt was taken by \(owners) kiosks") }
        }
    }

    // MARK: - The end

    private func compare() async throws {
        for kiosk in kiosks {
            let present = kiosk.thanked.keys.max() ?? 0
            for (epoch, hashes) in kiosk.thanked {
                let waiting = epoch == present ? kiosk.recordsOfExport : 0
                try await compare(hashes, of: kiosk, epoch: epoch, waiting: waiting)
            }
            if kiosk.journal.unsent != Int64(kiosk.recordsOfExport) {
                violate("\(kiosk.journal.unsent) records of \(kiosk.id) have no receipt")
            }
        }
        let thanked = kiosks.reduce(0) { $0 + $1.sessionsAt.count }
        let counted = try await collector.summary().ratings
        if counted != thanked { violate("\(thanked) ratings were thanked and \(counted) are counted") }
        let alarms = try await collector.events(limit: 100).filter { ![.enrolled, .replaced].contains($0.kind) }
        for alarm in alarms { violate("a false alarm: \(alarm.message)") }
        let report = await collector.verify()
        for fault in report.faults.prefix(2) { violate("verify: \(fault)") }
    }

    /// What the store holds of one epoch: the thanked records, in order, each once, at times that are true.
    private func compare(_ hashes: [ChainHash], of kiosk: OfflineKiosk, epoch: Int, waiting: Int) async throws {
        let id = kiosk.id
        let (stored, sessions) = try await store.read { snapshot -> ([ChainHash], [SessionRow]) in
            guard let row = try snapshot.epoch(id, epoch) else { return ([], []) }
            var hashes: [ChainHash] = []
            try snapshot.forEachLine(of: row.chain) { _, line in hashes.append(ChainHash(of: line)) }
            return (hashes, try snapshot.sessions(of: row.chain))
        }
        if stored != Array(hashes.prefix(stored.count)) { violate("records of \(id)/\(epoch) were altered") }
        let missing = hashes.count - stored.count
        if missing != waiting { violate("\(missing) records of \(id)/\(epoch) are missing") }
        for session in sessions {
            guard let began = kiosk.sessionsAt[session.session] else {
                violate("a session of \(id)/\(epoch) was never shown")
                continue
            }
            if abs(session.placed - began) > session.uncertainty + Self.travelMilliseconds {
                violate("a session of \(began) was placed at \(session.placed) ± \(session.uncertainty)")
            }
        }
    }

    /// The longest way of a request in these stories.
    private static let travelMilliseconds: Int64 = 60_000
}
