import ArgumentParser
import BatchFiles
import BatchFolder
import CollectorWeb
import FoundationEssentials
import QRCode

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take in what was carried here.", subcommands: [Batches.self, Codes.self])

    struct Batches: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import the batch files of a folder, as uploads, and write their receipts beside them.",
            discussion: """
                Files are taken kiosk by kiosk in the order of their records, however they are named. A file whose records \
                do not follow yet is reported as a gap and stays for the next import; nothing is deleted. Any file may be \
                imported any number of times. Bring the .receipt files back to the kiosk: \
                `otsenka-kiosk import-receipts FOLDER`.

                Ends with 0 when everything in the folder is stored, with 75 when files wait for missing ones, and with 65 \
                when one was refused.
                """)

        @OptionGroup var folder: FolderOption

        @Argument(help: "The folder with the .batch files.")
        var path: String

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() async throws {
            let files = try onFolder { () throws(BatchFolderError) in try BatchFolder(path) }
            let names = try onFolder { () throws(BatchFolderError) in
                try files.names(endingWith: BatchName.batchSuffix)
            }
            var importing = Importing(
                names.map { name in
                    Carried(name) {
                        do throws(BatchFolderError) {
                            return .success(try files.read(name, maximum: BatchFile.maximumBytes))
                        } catch { return .failure(error.description) }
                    }
                })
            try await importing.run(with: StaffClient(folder.open())) { name, receipt in
                try onFolder { () throws(BatchFolderError) in
                    try files.write(Data(receipt.utf8), to: BatchName.receipt(of: name))
                }
            }
            try importing.report(asJSON: json)
        }
    }

    struct Codes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "qr",
            abstract: "Import the texts of scanned QR codes and show the receipts as QR codes.",
            discussion: """
                FILE has one scanned text a line, in any order; repeats do no harm. Series that are not whole are named with \
                the codes that are missing: scan them, append them to the same file and import it again. The receipts are \
                drawn on this terminal, or with --receipts written to a folder as pictures (.svg), as the texts of the codes \
                (.txt) and as notes (.receipt).

                Ends as `import batches` does, with 75 also when codes are missing.
                """)

        @OptionGroup var folder: FolderOption

        @Argument(help: "The file of scanned texts.")
        var file: String

        @Option(help: "The folder for the receipts; made if it is missing.")
        var receipts: String?

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() async throws {
            let data = try onFolder { () throws(BatchFolderError) in
                try BatchFolder.read(file: file, maximum: Scanned.maximumBytes)
            }
            let scanned = Scanned(data)
            var importing = Importing(scanned.batches)
            importing.missing = scanned.missing
            let target = try receipts.map { path in
                try onFolder { () throws(BatchFolderError) in try BatchFolder(path, create: true) }
            }
            try await importing.run(with: StaffClient(folder.open())) { _, _ in }
            for receipt in importing.newestReceipts {
                try ReceiptCode(receipt).show(in: target, onTerminal: !json)
            }
            try importing.report(asJSON: json)
        }
    }
}

/// A receipt as a QR code, for the kiosk's scanner.
private struct ReceiptCode {
    let name: String
    let note: Data
    let texts: [String]
    let codes: [QRCode]

    init(_ receipt: Importing.Receipt) throws {
        name = receipt.name
        note = Data(receipt.note.utf8)
        texts = CodeSeries.texts(of: note, kind: .receipt) ?? []
        do throws(QRCodeError) { codes = try texts.map { text throws(QRCodeError) in try QRCode(text) } } catch {
            throw CollectorFailure(.fault, "a receipt cannot be drawn: \(error)")
        }
    }

    func show(in folder: BatchFolder?, onTerminal: Bool) throws {
        guard let folder else {
            if onTerminal { for code in codes { print("\(name)\n\(code.terminalText)") } }
            return
        }
        try onFolder { () throws(BatchFolderError) in
            try folder.write(note, to: name + BatchName.receiptSuffix)
            try folder.write(Data((texts.joined(separator: "\n") + "\n").utf8), to: name + ".txt")
            for (index, code) in codes.enumerated() {
                try folder.write(Data(code.svg.utf8), to: "\(name)-\(index + 1).svg")
            }
        }
    }
}

/// The series in a file of scanned texts.
private struct Scanned {
    /// Two thousand full series would be a stick's work.
    static let maximumBytes = 64 << 20

    var batches: [Carried] = []
    var missing: [String] = []

    init(_ data: Data) {
        var reader = CodeReader()
        var unreadable = 0
        for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
            switch reader.read(line) {
            case .part, .empty: break
            case .unreadable, .tooMany: unreadable += 1
            }
        }
        for (index, series) in reader.whole.enumerated() where series.kind == .batch {
            let data = series.data
            batches.append(Carried("series \(index + 1)") { .success(data) })
        }
        for series in reader.missing where series.kind == .batch {
            let parts = series.parts.map(String.init).joined(separator: ", ")
            missing.append("series \(series.series): of \(series.count) codes these are missing: \(parts)")
        }
        missing += reader.broken.map { "series \($0): its codes do not belong together; scan them again" }
        if unreadable > 0 { missing.append("\(unreadable) lines are no codes of ours, or were misread") }
    }
}

/// Runs what may fail on a stick.
func onFolder<Value>(_ work: () throws(BatchFolderError) -> Value) throws -> Value {
    do throws(BatchFolderError) { return try work() } catch {
        throw CollectorFailure(CollectorFailure.Kind(rawValue: error.exitStatus) ?? .inputOutput, error.description)
    }
}
