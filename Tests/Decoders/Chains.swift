import FoundationEssentials
import Gzip
import Ledger
import Ratings

@testable import Collecting

// Records, notes and batches: what a kiosk sends and a collector answers.

extension Decoder {
    /// A line of the journal.
    static let record = Decoder(
        "record",
        sources: [
            "Ratings/RecordLine.swift", "Ratings/RecordFields.swift", "Ratings/RecordBodies.swift",
            "Ratings/Identifiers.swift",
        ],
        seeds: { try Known.lines() },
        take: { data in
            _ = try? RecordHeader(line: data)
            guard let record = try? Record(line: data), let line = try? record.line() else { return }
            let again = try? Record(line: line)
            require(again == record, "reads another record from the line that it wrote")
        })

    /// A signed note, a checkpoint and a receipt.
    static let note = Decoder(
        "note", sources: ["Ledger/SignedNote.swift", "Ledger/Checkpoint.swift", "Ledger/Keys.swift"],
        seeds: {
            var receipt = try Known.checkpoint(after: try Known.lines())
            let plain = receipt.serialized
            try receipt.cosign(as: Known.collector, with: Known.collectorKey, time: 1_763_800_000)
            return [Data(plain), Data(receipt.serialized)]
        },
        take: { data in
            guard let note = try? SignedNote(parsing: data.text) else { return }
            require(note.serialized == data.text, "keeps another note than it read")
            _ = try? note.verify(signedAs: "kiosk-1", by: Known.journalKey.publicKey)
            guard
                let checkpoint = try? Checkpoint(
                    parsing: data.text, kiosk: "kiosk-1", key: Known.journalKey.publicKey)
            else { return }
            _ = try? checkpoint.receiptTime(of: Known.collector, key: Known.collectorKey.publicKey)
        })

    /// The body of an upload: the number of the first record, a zero byte, and the lines.
    static let batch = Decoder(
        "batch", sources: ["Collecting/BatchCheck.swift", "Ledger/Chain.swift"],
        seeds: {
            let lines = try Known.lines()
            return [Data("1"), Data("3")].map { first in
                let from = Int(first.text) ?? 1
                return .joined([first, Data(lines[(from - 1)...].joined(separator: Data("\n")))])
            }
        },
        take: { data in
            let pieces = parts(of: data, most: 2)
            guard pieces.count == 2, let first = Int64(pieces[0].text), (1...1 << 40).contains(first),
                let kiosk = try? Known.kiosk()
            else { return }
            let lines = pieces[1].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let last = first + Int64(lines.count) - 1
            guard last >= first, let end = lines.last(where: { !$0.isEmpty }) else { return }
            let head = ChainHead(kiosk: kiosk.rawValue, epoch: 1, sequence: last, hash: ChainHash(of: end))
            let taken = try? CheckedBatch.records(
                in: pieces[1], kiosk: kiosk, epoch: 1, first: first, last: last, checkpoint: head)
            guard let taken else { return }
            require(taken.lines.count == taken.items.count, "loses a line")
            require(
                Data(taken.lines.joined(separator: Data("\n"))) == pieces[1]
                    || pieces[1].last == UInt8(ascii: "\n"), "keeps other lines than were sent")
        })

    /// A compressed body.
    static let gzip = Decoder(
        "gzip", sources: ["Gzip/Gzip.swift"],
        seeds: { [try Gzip.compress(Data(try Known.lines().joined())), try Gzip.compress(Data(count: 65_536))] },
        take: { data in
            guard let plain = try? Gzip.decompress(data, atMost: 16_384) else { return }
            require(plain.count <= 16_384, "gives more than its limit")
            require(
                (try? Gzip.decompress(Gzip.compress(plain), atMost: 16_384)) == plain, "compresses to something else")
        })
}
