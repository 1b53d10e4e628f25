import ArgumentParser
import BatchFiles
import BatchFolder
import FoundationEssentials
import KioskControl

/// `otsenka-kiosk export`
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Carry records to the collector on a stick or as QR codes, or print them.",
        discussion: """
            With --to, every record without a receipt is written as batch files, which `otsenka-collector import batches` \
            takes; with --qr, as QR codes for `otsenka-collector import qr`. Bring the receipts back with \
            `otsenka-kiosk import-receipts`; until then the records are exported again each time. Nothing is deleted.

            Without --to and --qr the records of the present epoch are printed, one line each, as they are stored.
            """)

    @OptionGroup var runtime: RuntimeOptions

    @Option(help: "The folder for batch files, or with --qr for the pictures of the codes; made if it is missing.")
    var to: String?

    @Flag(help: "Write QR codes instead of files: as pictures to --to, else to this terminal.")
    var qr = false

    @Option(
        help:
            "The record of the present epoch to begin with (default: with --to and --qr the first one without a receipt)."
    )
    var first: Int64?

    @Option(help: "The most records in one file.")
    var batchRecords = 500

    @Option(help: "The most QR codes; more are refused, because nobody scans them.")
    var mostCodes = 200

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func validate() throws {
        guard (1...500).contains(batchRecords) else { throw ValidationError("--batch-records is 1 to 500") }
        guard mostCodes >= 1 else { throw ValidationError("--most-codes must be 1 or more") }
        if let first, first < 1 { throw ValidationError("--first is a record's number, 1 or more") }
    }

    func run() throws {
        guard to != nil || qr else { return try printLines() }
        let answer = try runtime.ask(.waiting(first: first), seconds: 60)
        guard case .waiting(let ranges) = answer else { throw answer.failure }
        guard !ranges.isEmpty else {
            if json { return print("[]") }
            return print("nothing waits: every record is receipted")
        }
        if qr { try writeCodes(of: ranges) } else { try writeFiles(of: ranges) }
        let medium = qr ? "qr" : "files"
        let recorded = try runtime.ask(.exported(ranges, medium: medium), seconds: 60)
        guard recorded == .done else {
            // A full kiosk is exported too: that is how it is emptied.
            let failure = recorded.failure
            throw Failure(
                status: failure.status,
                message: "everything was exported, but that is not on record in the journal: \(failure.message)")
        }
    }

    private func printLines() throws {
        var next = first ?? 1
        while true {
            let answer = try runtime.ask(.export(first: next))
            guard case .lines(let lines, _) = answer else { throw answer.failure }
            if lines.isEmpty { return }
            for line in lines { print(line) }
            next += Int64(lines.count)
        }
    }

    private func writeFiles(of ranges: [RecordRange]) throws {
        let folder = try opened(to ?? ".")
        var written: [ExportedFile] = []
        let total = ranges.reduce(0) { $0 + $1.last - $1.first + 1 }
        try forEachFile(of: ranges) { file in
            let name = BatchName.batch(file)
            try onFolder { () throws(BatchFolderError) in try folder.write(file.serialized, to: name) }
            written.append(ExportedFile(file, name: name))
            let done = written.reduce(0) { $0 + $1.records }
            if !json { print("\(name)  \(done) of \(total) records") }
        }
        if json { return try printJSON(written) }
        print("\(written.count) files with \(total) records are on \(folder.path); import them with:")
        print("  otsenka-collector import batches --dir COLLECTOR \(folder.path)")
    }

    private func writeCodes(of ranges: [RecordRange]) throws {
        let folder = try to.map(opened)
        var series: [(name: String, texts: [String])] = []
        var written: [ExportedFile] = []
        var count = 0
        try forEachFile(of: ranges) { file in
            let bytes = file.serialized
            count += CodeSeries.count(of: bytes.count)
            guard count <= mostCodes, let texts = CodeSeries.texts(of: bytes, kind: .batch) else {
                throw Failure(
                    status: 65,
                    message: "the records are more than \(mostCodes) QR codes hold; export them to a stick with --to, "
                        + "or allow more with --most-codes")
            }
            series.append((BatchName.batch(file), texts))
            written.append(ExportedFile(file, name: BatchName.batch(file), codes: texts.count))
        }
        for (name, texts) in series {
            for (index, text) in texts.enumerated() {
                try show(text, name: "\(name)-\(CodePicture.padded(index + 1)).png", in: folder)
            }
        }
        if json { return try printJSON(written) }
        print(
            "\(count) codes hold \(written.reduce(0) { $0 + $1.records }) records; scan them all, in any order, into a")
        print("file of lines and import it with:  otsenka-collector import qr --dir COLLECTOR FILE")
    }

    private func show(_ text: String, name: String, in folder: BatchFolder?) throws {
        let picture = try CodePicture(text)
        guard let folder else { return print(picture.code.terminalText) }
        let png = try picture.png()
        try onFolder { () throws(BatchFolderError) in try folder.write(png, to: name) }
        if !json { print(name) }
    }

    /// Asks for every file of the ranges, in order. Records that come in meanwhile are left for the next export.
    private func forEachFile(of ranges: [RecordRange], _ body: (BatchFile) throws -> Void) throws {
        for range in ranges {
            var next = range.first
            while next <= range.last {
                let records = Int(min(Int64(batchRecords), range.last - next + 1))
                let request = CommandRequest.batchFile(epoch: range.epoch, first: next, maximumRecords: records)
                let answer = try runtime.ask(request, seconds: 60)
                guard case .file(let bytes, let held) = answer else { throw answer.failure }
                guard let file = try? BatchFile(parsing: bytes), held.last >= next else {
                    throw Failure(
                        status: 70, message: "the running kiosk made a file that is none; use one release for both")
                }
                try body(file)
                next = held.last + 1
            }
        }
    }

    private func opened(_ path: String) throws -> BatchFolder {
        try onFolder { () throws(BatchFolderError) in try BatchFolder(path, create: true) }
    }
}

/// One line of what `export --json` prints.
private struct ExportedFile: Encodable {
    var file: String
    var kiosk: String
    var epoch: Int
    var first: Int64
    var last: Int64
    /// How many QR codes; nothing for a file.
    var codes: Int?

    var records: Int64 { last - first + 1 }

    init(_ batch: BatchFile, name: String, codes: Int? = nil) {
        file = name
        kiosk = batch.kiosk.rawValue
        epoch = batch.epoch
        first = batch.first
        last = batch.last
        self.codes = codes
    }
}

/// Runs what may fail on a stick.
func onFolder<Value>(_ work: () throws(BatchFolderError) -> Value) throws -> Value {
    do throws(BatchFolderError) { return try work() } catch {
        throw Failure(status: error.exitStatus, message: error.description)
    }
}
