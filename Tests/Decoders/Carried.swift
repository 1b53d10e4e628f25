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
        seeds: { [try file().serialized] },
        take: { data in
            do throws(BatchFileError) {
                let file = try BatchFile(parsing: data)
                require((try? BatchFile(parsing: file.serialized)) == file, "reads another file than it wrote")
                _ = try? RequestSignature.verify(file.head, by: Known.journalKey.publicKey, required: ["head"])
                let name = BatchName.batch(file)
                require(!name.contains("/") && !name.hasPrefix("."), "gives a file a name that leaves its folder")
                _ = BatchName.receipt(of: name)
                require(!BatchFile.comesBefore(file, file), "puts a file before itself")
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
