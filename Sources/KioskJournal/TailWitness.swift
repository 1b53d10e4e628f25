// What the newest record was, told beside the store after each commit.
//
// Constraints: SQLite takes a write-ahead log only up to its first wrong frame, so a damaged or shortened log loses the
// newest records and leaves a store that is right in itself. This file shows that there were more. It is written after the
// commit is durable and never synchronised, so it is never ahead of a store that lost nothing; when it is behind, torn or
// missing, it proves nothing.
// Format: 128 bytes, rewritten in place: epoch, sequence, base64 hash, the first 16 digits of the SHA-256 of all that as
// hexadecimal, spaces up to a newline.

import Crypto
import FoundationEssentials
import Glibc
import Ledger

/// The file of the newest record, open for writing.
final class TailWitness {
    static let bytes = 128
    private let descriptor: Int32

    init(_ files: JournalFiles) throws(JournalError) {
        descriptor = Glibc.open(files.newest, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw files.failure("open", files.newest) }
    }

    deinit { close(descriptor) }

    /// Best effort: what it tells is durable without it.
    func tell(_ head: ChainHead) {
        let text = "\(head.epoch) \(head.sequence) \(head.hash.base64)"
        let line = "\(text) \(Self.sum(text))"
        let padded = Array(line.utf8) + Array(repeating: 0x20, count: max(0, Self.bytes - 1 - line.utf8.count)) + [0x0A]
        _ = pwrite(descriptor, padded, padded.count, 0)
    }

    /// What was told last: nothing where that is not whole.
    static func read(_ files: JournalFiles) -> (epoch: Int, sequence: Int64, hash: String)? {
        // What cannot be read is as if it were not there: it only ever adds to what the store itself shows.
        guard let data = (try? files.read(files.newest, maximum: bytes)).flatMap({ $0 }), data.count == bytes else {
            return nil
        }
        let words = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 4, let epoch = Int(words[0]), let sequence = Int64(words[1]),
            words[3] == sum("\(epoch) \(sequence) \(words[2])")
        else { return nil }
        return (epoch, sequence, String(words[2]))
    }

    private static func sum(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 2 ? digits : "0" + digits
        }.joined()
    }
}

extension Journal {
    /// Why the store's end is known to be missing: the file beside it tells of a newer record.
    func missingEnd() -> String? {
        guard let told = TailWitness.read(files), let present = epochs.last else { return nil }
        if told.epoch == present.number, told.sequence > present.head.sequence {
            return
                "records \(present.head.sequence + 1) to \(told.sequence) of epoch \(told.epoch) are gone from its end"
        }
        if told.epoch == present.number, told.sequence == present.head.sequence, told.hash != present.head.hash.base64 {
            return "record \(told.sequence) of epoch \(told.epoch) is another than was stored"
        }
        return told.epoch > present.number ? "epoch \(told.epoch) is gone from its end" : nil
    }
}
