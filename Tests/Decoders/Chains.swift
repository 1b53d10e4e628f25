import FoundationEssentials
import Gzip
import Ledger
import Ratings
import Wire

@testable import Collecting

// Records, notes and batches: what a kiosk sends and a collector answers.

extension Decoder {
    /// A line of the journal.
    static let record = Decoder(
        "record",
        sources: ["Ratings/RecordLine.swift", "Ratings/RecordFields.swift", "Ratings/Record.swift"],
        seeds: { try Known.lines() },
        take: { data in
            do {
                let link = try? RecordLink(line: data)
                let header = try RecordHeader(line: data)
                require(
                    link == RecordLink(sequence: header.sequence, previous: header.previous),
                    "links a record elsewhere than its header says")
                let record = try Record(line: data)
                guard let line = try? record.line() else { return }
                require(try Record(line: line) == record, "reads another record from the line that it wrote")
            } catch let error as RecordLineError {
                require(!error.description.isEmpty, "says nothing")
            } catch {}
        })

    /// A signed note, a checkpoint and a receipt.
    static let note = Decoder(
        "note", sources: ["Ledger/SignedNote.swift", "Ledger/Checkpoint.swift"],
        seeds: {
            var receipt = try Known.checkpoint(after: try Known.lines())
            let plain = receipt.serialized
            try receipt.cosign(as: Known.collector, with: Known.collectorKey, time: 1_763_800_000)
            return [Data(plain), Data(receipt.serialized)]
        },
        take: { data in
            do throws(NoteError) {
                let note = try SignedNote(parsing: data.text)
                require(note.serialized == data.text, "keeps another note than it read")
                try resign(note)
                var checkpoint = try Checkpoint(
                    parsing: data.text, kiosk: "kiosk-1", key: Known.journalKey.publicKey)
                require(checkpoint.serialized == data.text, "keeps another checkpoint than it read")
                _ = try? checkpoint.cosign(as: Known.collector, with: Known.collectorKey, time: 1)
                _ = try? Checkpoint(head: checkpoint.head, signedWith: Known.journalKey)
                _ = try checkpoint.receiptTime(of: Known.collector, key: Known.collectorKey.publicKey)
            } catch { require(!error.description.isEmpty, "says nothing") }
        })

    /// The text of any note can be signed, and the signature holds.
    private static func resign(_ note: SignedNote) throws(NoteError) {
        var own = SignedNote(text: note.text)
        do {
            try own.sign(as: "fuzz", with: Known.transportKey)
        } catch { preconditionFailure("a text can be signed: \(error)") }
        try own.verify(signedAs: "fuzz", by: Known.transportKey.publicKey)
        try note.verify(signedAs: "kiosk-1", by: Known.journalKey.publicKey)
    }

    /// The body of an upload: the numbers of the first and the last record, a zero byte after each, and the lines.
    static let batch = Decoder(
        "batch", sources: ["Collecting/BatchCheck.swift", "Ledger/Chain.swift"],
        seeds: {
            let lines = try Known.lines()
            let whole = Data(lines.joined(separator: Data("\n")))
            let tail = Data(lines[2...].joined(separator: Data("\n")))
            return [
                .joined([Data("1"), Data("\(lines.count)"), whole]),
                .joined([Data("3"), Data("\(lines.count)"), tail]), .joined([Data("1"), Data("2"), whole]),
                .joined([Data("1"), Data("1"), Data(count: 4200)]),
                .joined([Data("1"), Data("1"), Data(repeating: 10, count: 300_000)]),
            ]
        },
        take: { data in
            let pieces = parts(of: data, most: 3)
            guard pieces.count == 3, let first = Int64(pieces[0].text), let last = Int64(pieces[1].text),
                (1...1 << 40).contains(first), (first...1 << 41).contains(last), let kiosk = try? Known.kiosk()
            else { return }
            let end = pieces[2].split(separator: UInt8(ascii: "\n")).last ?? Data()
            let genesis = Genesis(
                kiosk: kiosk.rawValue, epoch: 1, publicKey: Known.journalKey.publicKey, collectorNonce: Known.nonce)
            let head = ChainHead(kiosk: genesis.kiosk, epoch: 1, sequence: last, hash: ChainHash(of: end))
            do throws(Refusal) {
                let taken = try CheckedBatch.records(
                    in: pieces[2], kiosk: kiosk, epoch: 1, first: first, last: last, checkpoint: head)
                require(taken.lines.count == Int(last - first + 1), "loses a line")
                let isInPlace = taken.items.enumerated().allSatisfy { $1.link.sequence == first + Int64($0) }
                require(isInPlace, "takes a record out of its place")
                if first == 1 { _ = taken.previous == genesis.head.hash }
                let sent = pieces[2].last == UInt8(ascii: "\n") ? Data(pieces[2].dropLast()) : pieces[2]
                require(Data(taken.lines.joined(separator: Data("\n"))) == sent, "keeps other lines than were sent")
            } catch { require(!error.message.isEmpty, "says nothing") }
        })

    /// A compressed body.
    static let gzip = Decoder(
        "gzip", sources: ["Gzip/Gzip.swift"],
        seeds: { [try Gzip.compress(Data(try Known.lines().joined())), try Gzip.compress(Data(count: 65_536))] },
        take: { data in
            do throws(GzipError) {
                let plain = try Gzip.decompress(data, atMost: 16_384)
                require(plain.count <= 16_384, "gives more than its limit")
                let again = try Gzip.decompress(try Gzip.compress(plain), atMost: 16_384)
                require(again == plain, "compresses to something else")
            } catch { require(!error.description.isEmpty, "says nothing") }
        })
}
