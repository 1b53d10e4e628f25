import ArgumentParser
import BatchFiles
import BatchFolder
import FoundationEssentials
import Glibc
import KioskControl
import Ledger

/// `otsenka-kiosk import-receipts`
struct ImportReceiptsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-receipts",
        abstract: "Take back the receipts of exported records.",
        discussion: """
            Each PATH is a folder with .receipt files, one such file, or a file with the lines of scanned QR codes; - reads \
            standard input. The kiosk checks every receipt as if it came over the network. In any order, any number of \
            times. Ends with 65 when one is not for this kiosk's records.
            """)

    @OptionGroup var runtime: RuntimeOptions

    @Argument(help: "Folders or files; - for standard input.")
    var paths: [String]

    @Flag(help: "Print the facts as JSON.")
    var json = false

    /// The longest text of scanned codes: a thousand series of receipts fit.
    private static let maximumBytes = 4 << 20

    func run() throws {
        var results: [Result] = []
        for path in paths { results += try take(path) }
        let refused = results.filter { $0.result == "refused" }
        if json {
            try printJSON(results)
        } else {
            if results.isEmpty { print("no receipt was found") }
            for result in results { print(result.text) }
        }
        if let first = refused.first {
            throw Failure(
                status: 65,
                message:
                    "\(refused.count) of \(results.count) receipts were refused; \(first.file): \(first.reason ?? "")")
        }
    }

    private func take(_ path: String) throws -> [Result] {
        if path == "-" { return try take(text: try standardInput(), from: path) }
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else {
            let data = try onFolder { () throws(BatchFolderError) in
                try BatchFolder.read(file: path, maximum: Self.maximumBytes)
            }
            return try take(text: data, from: path)
        }
        let folder = try onFolder { () throws(BatchFolderError) in try BatchFolder(path) }
        let names = try onFolder { () throws(BatchFolderError) in
            try folder.names(endingWith: BatchName.receiptSuffix)
        }
        return try names.flatMap { name in
            let data: Data
            do throws(BatchFolderError) { data = try folder.read(name, maximum: SignedNote.maximumBytes) } catch {
                return [Result(file: name, result: "refused", reason: error.description)]
            }
            return [try offer(data, from: name)]
        }
    }

    /// A note, or lines of scanned codes.
    private func take(text data: Data, from name: String) throws -> [Result] {
        if data.starts(with: Data("otsenka/".utf8)) { return [try offer(data, from: name)] }
        var reader = CodeReader()
        var results: [Result] = []
        for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        where reader.read(line) == .unreadable {
            results.append(Result(file: name, result: "refused", reason: "a line is no code of ours; scan it again"))
        }
        for (kind, data) in reader.whole {
            results.append(
                kind == .receipt
                    ? try offer(data, from: name)
                    : Result(file: name, result: "refused", reason: "these codes hold records, not a receipt"))
        }
        for missing in reader.missing {
            let parts = missing.parts.map(String.init).joined(separator: ", ")
            results.append(
                Result(file: name, result: "refused", reason: "of \(missing.count) codes these are missing: \(parts)"))
        }
        for series in reader.broken {
            results.append(
                Result(file: name, result: "refused", reason: "the codes \(series) were misread; scan them again"))
        }
        return results
    }

    private func offer(_ note: Data, from name: String) throws -> Result {
        guard let text = String(data: note, encoding: .utf8), text.utf8.count <= SignedNote.maximumBytes else {
            return Result(file: name, result: "refused", reason: "it is not a signed note")
        }
        switch try runtime.ask(.receipt(note: text), seconds: 60) {
        case .receipted(let epoch, let sequence, let isNew):
            return Result(file: name, result: isNew ? "taken" : "held", epoch: epoch, receipted: sequence)
        case .refused(let reason): return Result(file: name, result: "refused", reason: reason)
        case let other: throw other.failure
        }
    }

    private func standardInput() throws -> Data {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0, data.count + count <= Self.maximumBytes else {
                throw Failure(
                    status: 74, message: "standard input cannot be read, or is longer than \(Self.maximumBytes) bytes")
            }
            if count == 0 { return data }
            data.append(contentsOf: buffer[..<count])
        }
    }

    /// One receipt of what `--json` prints.
    private struct Result: Encodable {
        var file: String
        /// `taken`, `held` (an older one, or again) or `refused`.
        var result: String
        var epoch: Int?
        /// The highest receipted record of the epoch now.
        var receipted: Int64?
        var reason: String?

        var text: String {
            guard let epoch, let receipted else { return "\(file): \(result): \(reason ?? "")" }
            return "\(file): \(result): the records of epoch \(epoch) are receipted up to \(receipted)"
        }
    }
}
