import BatchFiles
import FoundationEssentials
import Gzip
import Ledger
import Ratings
import SeededRandom
import Wire

/// What can happen to a batch file between a hall and a region, by accident or on purpose.
enum StickDamage: CaseIterable {
    /// One bit, anywhere.
    case flippedBit
    case truncated
    case emptied
    /// The header of one file over the records of another.
    case swappedBody
    /// The records of another file with the digest that fits them.
    case swappedBodyAndDigest
    /// An answer of a visitor changed, everything packed again.
    case forgedAnswer
    /// The same with the digest that fits.
    case forgedAnswerAndDigest
    /// Other numbers of the same records.
    case shifted
    case otherEpoch
    case otherKiosk
    /// Notes of another file.
    case otherCheckpoint, otherHead, otherReceipt
    /// As if exported at another time.
    case otherMoment
    case unsigned
    /// Signed by a key that is not the kiosk's.
    case strangersSignature

    /// `file`, damaged. `other` is another file of the stick, of whichever kiosk.
    func applied(to file: Data, other: Data, random: inout SplitMix) throws -> Data {
        guard let batch = try? BatchFile(parsing: file), let foreign = try? BatchFile(parsing: other) else {
            return file
        }
        switch self {
        case .flippedBit:
            var file = file
            file[file.startIndex + Int.random(in: 0..<file.count, using: &random)] ^=
                1 << UInt8.random(in: 0..<8, using: &random)
            return file
        case .truncated: return Data(file.prefix(Int.random(in: 0..<file.count, using: &random)))
        case .emptied: return Data()
        default: return try relabelled(batch, foreign).serialized
        }
    }

    private func relabelled(_ batch: BatchFile, _ foreign: BatchFile) throws -> BatchFile {
        var batch = batch
        switch self {
        case .flippedBit, .truncated, .emptied: break
        case .swappedBody: batch.body = foreign.body
        case .swappedBodyAndDigest: batch.replaceBody(with: foreign.body)
        case .forgedAnswer: batch.body = try Self.forged(batch.body)
        case .forgedAnswerAndDigest: batch.replaceBody(with: try Self.forged(batch.body))
        case .shifted:
            batch.first += 1
            batch.last += 1
        case .otherEpoch: batch.epoch += 1
        case .otherKiosk: batch.kiosk = KioskID(rawValue: "nobody") ?? batch.kiosk
        case .otherCheckpoint: batch.fields["checkpoint"] = foreign.fields["checkpoint"]
        case .otherHead: batch.fields["head"] = foreign.fields["head"]
        case .otherReceipt: batch.fields["receipt"] = foreign.fields["receipt"] ?? batch.fields["checkpoint"]
        case .otherMoment: batch.fields["otsenka-clock"] = KioskClock(boot: 9999, bootMilliseconds: 1).field
        case .unsigned: batch.fields["signature"] = nil
        case .strangersSignature:
            var head = batch.head
            head.fields["signature"] = nil
            head.fields["signature-input"] = nil
            try RequestSignature.sign(&head, with: SigningKey(), created: 1)
            batch.fields = head.fields
        }
        return batch
    }

    /// The worst mark of each answer in place of what was pressed.
    private static func forged(_ body: Data) throws -> Data {
        let lines = String(decoding: try Gzip.decompress(body, atMost: WireLimits.bytesPerBatch), as: UTF8.self)
        var text = lines
        for mark in 2...5 { text = text.replacing("\"value\":\(mark)", with: "\"value\":1") }
        // A file without an answer above 1 gets another window of time instead.
        if text == lines { text = text.replacing("2026-11-22T08", with: "2025-11-22T08") }
        return try Gzip.compress(Data(text.utf8))
    }
}

extension BatchFile {
    fileprivate mutating func replaceBody(with other: Data) {
        body = other
        fields["content-digest"] = ContentDigest.value(of: other)
    }
}
