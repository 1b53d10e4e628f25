import BatchFiles
import CollectorWeb
import FoundationEssentials
import Ledger

/// One batch file as it was carried here. Its contents are read when their turn comes: a stick is larger than a memory.
struct Carried {
    enum Content {
        case success(Data)
        /// Why it cannot be read.
        case failure(String)
    }

    var name: String
    var load: () -> Content
    /// What it says it holds, without the records; nothing where it is no batch file.
    var outline: BatchFile?

    init(_ name: String, load: @escaping () -> Content) {
        self.name = name
        self.load = load
        guard case .success(let data) = load() else { return }
        outline = try? BatchFile(parsing: data)
        outline?.body = Data()
    }
}

/// The import of some batch files: their order, what became of each, and the receipts.
struct Importing {
    struct Line: Encodable {
        var file: String
        var verdict: BatchVerdict

        private enum Keys: String, CodingKey {
            case file, outcome, kiosk, epoch, first, last, new, need, error, message
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(file, forKey: .file)
            try container.encode(verdict.outcome, forKey: .outcome)
            try container.encodeIfPresent(verdict.kiosk, forKey: .kiosk)
            try container.encodeIfPresent(verdict.epoch, forKey: .epoch)
            try container.encodeIfPresent(verdict.first, forKey: .first)
            try container.encodeIfPresent(verdict.last, forKey: .last)
            try container.encodeIfPresent(verdict.new, forKey: .new)
            try container.encodeIfPresent(verdict.need, forKey: .need)
            try container.encodeIfPresent(verdict.error, forKey: .error)
            try container.encodeIfPresent(verdict.message, forKey: .message)
        }
    }

    struct Receipt {
        /// `central-1-e000001-r000000000500`
        var name: String
        var note: String
    }

    private let files: [Carried]
    private(set) var lines: [Line] = []
    /// What could not be put together, in words.
    var missing: [String] = []

    /// In the order of import: what cannot be read first, then kiosk by kiosk.
    init(_ carried: [Carried]) {
        files =
            carried.filter { $0.outline == nil }
            + carried.compactMap { item in item.outline.map { (item, $0) } }
            .sorted { BatchFile.comesBefore($0.1, $1.1) }.map(\.0)
    }

    /// Imports every file, and gives each receipt to `keep` before the next file.
    mutating func run(
        with client: StaffClient, keep: (_ name: String, _ receipt: String) throws -> Void
    ) async throws {
        for item in files {
            let data: Data
            switch item.load() {
            case .success(let bytes): data = bytes
            case .failure(let reason):
                lines.append(Line(file: item.name, verdict: BatchVerdict(refused: reason)))
                continue
            }
            let verdict: BatchVerdict = try await client.ask("POST", "/admin/batches", body: data) {
                try await $0.importBatch(data)
            }
            lines.append(Line(file: item.name, verdict: verdict))
            if let receipt = verdict.receipt { try keep(item.name, receipt) }
        }
    }

    /// The newest receipt of each epoch: it stands for all before it.
    var newestReceipts: [Receipt] {
        var newest: [String: (last: Int64, note: String)] = [:]
        for line in lines {
            guard let note = line.verdict.receipt, let kiosk = line.verdict.kiosk, let epoch = line.verdict.epoch,
                let last = line.verdict.last
            else { continue }
            let chain = "\(kiosk)-e\(epoch)"
            if last > newest[chain]?.last ?? 0 { newest[chain] = (last, note) }
        }
        return newest.sorted { $0.key < $1.key }.map {
            Receipt(name: "\($0.key)-r\($0.value.last)", note: $0.value.note)
        }
    }

    /// Prints what became of each file. Throws for the exit status when not everything is stored.
    func report(asJSON: Bool) throws {
        if asJSON {
            try printJSON(Report(files: lines, missing: missing))
        } else {
            printLines()
        }
        let refused = lines.filter { [.refused, .fork].contains($0.verdict.outcome) }
        if let first = refused.first {
            throw CollectorFailure(
                .data,
                "\(refused.count) of \(lines.count) files were refused; \(first.file): \(first.verdict.message ?? "")")
        }
        let waiting = lines.first { [.gap, .rewindCollector].contains($0.verdict.outcome) }
        if let waiting {
            throw CollectorFailure(.tryAgain, "\(waiting.file) waits: \(waiting.verdict.message ?? "")")
        }
        if let first = missing.first { throw CollectorFailure(.tryAgain, first) }
    }

    private struct Report: Encodable {
        var files: [Line]
        var missing: [String]
    }

    private func printLines() {
        if lines.isEmpty { print("no batch was found") }
        for line in lines {
            let verdict = line.verdict
            let records = verdict.first.flatMap { first in verdict.last.map { "records \(first)-\($0)" } } ?? ""
            let detail: String =
                switch verdict.outcome {
                case .taken: "\(records), \(verdict.new ?? 0) of them new"
                case .repeated: "\(records) were there already"
                case .gap, .rewindCollector: "\(records); record \(verdict.need ?? 0) is needed first"
                case .fork, .refused: verdict.message ?? ""
                }
            print("\(line.file)  \(verdict.outcome.rawValue)  \(detail)")
        }
        missing.forEach { print($0) }
    }
}
