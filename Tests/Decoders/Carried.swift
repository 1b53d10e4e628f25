import BatchFiles
import FoundationEssentials
import Gzip
import Ledger
import Ratings
import Wire

// What comes on a stick or out of a scanner.

extension Decoder {
    /// A batch file.
    static let batchFile = Decoder(
        "batch-file", sources: ["BatchFiles/BatchFile.swift", "BatchFiles/BatchName.swift"],
        seeds: {
            let file = try Decoder.file()
            var other = file
            (other.epoch, other.first, other.last) = (2, 1000, 1 << 40)
            other.fields["receipt"] = file.fields["head"]
            // Not one of them: the format of a later release, no range, no line, no JSON.
            let later = Data(file.serialized.text.replacing("otsenka-batch/1", with: "otsenka-batch/2"))
            let backwards = Data(file.serialized.text.replacing("\"first\":1", with: "\"first\":99"))
            return [file.serialized, other.serialized, later, backwards, Data("{}"), Data("{}\n")]
        },
        take: { data in
            do throws(BatchFileError) {
                let file = try BatchFile(parsing: data)
                require((try? BatchFile(parsing: file.serialized)) == file, "reads another file than it wrote")
                _ = try? RequestSignature.verify(file.head, by: Known.journalKey.publicKey, required: ["head"])
                let name = BatchName.batch(file)
                require(!name.contains("/") && !name.hasPrefix("."), "gives a file a name that leaves its folder")
                require(BatchName.receipt(of: name) != BatchName.receipt(of: "." + name), "gives two files one receipt")
                require(
                    BatchName.receipt(of: file.kiosk.rawValue).hasSuffix(".receipt"), "gives a receipt another name")
                require(!BatchFile.comesBefore(file, file), "puts a file before itself")
                exportAgain(file)
            } catch { require(!error.description.isEmpty, "says nothing") }
        })

    /// Scanned codes, one a line.
    static let codes = Decoder(
        "codes", sources: ["BatchFiles/CodeSeries.swift", "BatchFiles/Base45.swift"],
        seeds: {
            let whole = CodeSeries.texts(of: try file().serialized, kind: .batch) ?? []
            let short = CodeSeries.texts(of: Data("a receipt"), kind: .receipt) ?? []
            return [Data(whole.joined(separator: "\n")), Data((short + whole.reversed()).joined(separator: "\r\n"))]
        },
        take: { data in
            var reader = CodeReader()
            for line in data.text.split(separator: "\n", omittingEmptySubsequences: false) { _ = reader.read(line) }
            for (kind, found) in reader.whole {
                var again = CodeReader()
                for text in CodeSeries.texts(of: found, kind: kind) ?? [] { _ = again.read(text) }
                require(again.whole.map(\.data) == [found], "reads other bytes than it wrote")
            }
            _ = reader.broken
            for missing in reader.missing { require(!missing.parts.isEmpty, "misses nothing of what is missing") }
        })

    /// What was read as a kiosk would export it: signed, so that what stands behind the signature is looked at as well.
    private static func exportAgain(_ file: BatchFile) {
        // Text that is no base64 grows on its way; a kiosk's own notes are far shorter.
        guard file.fields.values.reduce(0, { $0 + $1.utf8.count }) < 8192 else { return }
        let note = { (name: String) in
            file.fields[name].map { Data(base64Encoded: $0)?.text ?? $0 }
        }
        let clock = file.fields["otsenka-clock"].flatMap(KioskClock.init(field:))
        let notes = BatchFile.Notes(
            checkpoint: note("checkpoint") ?? "", head: note("head") ?? "", receipt: note("receipt"))
        do {
            let own = try BatchFile(
                kiosk: file.kiosk, epoch: file.epoch, first: file.first, last: file.last, gzip: file.body, notes: notes,
                clock: clock ?? KioskClock(boot: 1, bootMilliseconds: 1), created: 5, signedWith: Known.journalKey)
            require(try BatchFile(parsing: own.serialized) == own, "reads another file than a kiosk wrote")
            try RequestSignature.verify(
                own.head, by: Known.journalKey.publicKey, required: ["content-digest", "checkpoint", "head"])
            let (before, after) = (BatchFile.comesBefore(own, file), BatchFile.comesBefore(file, own))
            require(!before && !after, "puts one of two files of the same records first")
        } catch { preconditionFailure("what was read cannot be exported again: \(error)") }
    }

    private static func file() throws -> BatchFile {
        let lines = try Known.lines()
        let checkpoint = try Known.checkpoint(after: lines).serialized
        return try BatchFile(
            kiosk: try Known.kiosk(), epoch: 1, first: 1, last: Int64(lines.count),
            gzip: try Gzip.compress(Data(lines.joined(separator: Data("\n")))),
            notes: BatchFile.Notes(checkpoint: checkpoint, head: checkpoint, receipt: nil),
            clock: KioskClock(boot: 1, bootMilliseconds: 5000), created: 1_763_800_000, signedWith: Known.journalKey)
    }
}
