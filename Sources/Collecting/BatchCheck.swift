import FoundationEssentials
import Ledger
import Ratings
import Wire

import func Glibc.memchr

/// Records that a kiosk sent, after everything that can be checked without the store: signatures, limits and the chain.
struct CheckedBatch: Sendable {
    /// A record with its line; `body` is nothing where the line is a record, but not one that is understood.
    struct Item: Sendable {
        var header: RecordHeader
        var body: RecordBody?

        var moment: BootClocks.Moment {
            BootClocks.Moment(boot: header.boot, bootMilliseconds: header.bootMilliseconds)
        }
    }

    var first: Int64
    var lines: [Data]
    var items: [Item]
    /// The hash that record `first` carries as its `prev`.
    var previous: ChainHash
    /// Of the last record.
    var checkpoint: Checkpoint
    /// Of the kiosk's newest record.
    var head: Checkpoint
    var receipt: Checkpoint?
    var moment: RequestMoment
    /// Which journal key speaks for which record, after this batch.
    var keys: JournalKeys

    var last: Int64 { first + Int64(lines.count) - 1 }

    /// The hash of one record of the batch, or of the record before it.
    func hash(of sequence: Int64) -> ChainHash {
        precondition((first - 1...last).contains(sequence), "record \(sequence) is outside of the batch")
        if sequence == last { return checkpoint.head.hash }
        return sequence < first ? previous : ChainHash(of: lines[Int(sequence - first)])
    }
}

/// When a request was made, on the kiosk's clocks.
struct RequestMoment: Equatable, Sendable {
    /// Seconds since 1970 on the kiosk's wall clock.
    var created: Int64
    var clock: KioskClock
}

extension CheckedBatch {
    /// Splits the body into lines and checks the chain through them up to `checkpoint`.
    static func records(
        in body: Data, kiosk: KioskID, epoch: Int, first: Int64, last: Int64, checkpoint: ChainHead
    ) throws(Refusal) -> (lines: [Data], items: [Item], previous: ChainHash) {
        let run = try run(in: body, kiosk: kiosk, epoch: epoch, first: first, last: last)
        guard run.head == checkpoint else { throw broken(.wrongHash(sequence: last)) }
        return (run.lines, run.items, run.previous)
    }

    /// Records that follow one another, before anybody is known to have signed for them.
    struct Run {
        var lines: [Data]
        var items: [Item]
        var previous: ChainHash
        var head: ChainHead
    }

    /// Splits the body into lines and checks the chain through them.
    static func run(
        in body: Data, kiosk: KioskID, epoch: Int, first: Int64, last: Int64
    ) throws(Refusal) -> Run {
        let lines = try split(body, first: first, last: last)
        var items: [Item] = []
        items.reserveCapacity(lines.count)
        var chain: ChainHead?
        var previous: ChainHash?
        for (index, line) in lines.enumerated() {
            let sequence = first + Int64(index)
            let item = try item(of: line, sequence: sequence, kiosk: kiosk, epoch: epoch)
            if chain == nil {
                guard let hash = ChainHash(base64: item.header.previous) else {
                    throw broken(.notARecord(sequence: sequence, reason: "prev is not the base64 of a SHA-256"))
                }
                previous = hash
                chain = ChainHead(kiosk: kiosk.rawValue, epoch: epoch, sequence: first - 1, hash: hash)
            }
            do throws(ChainError) {
                try chain?.advance(over: line, sequence: item.header.sequence, previous: item.header.previous)
            } catch {
                throw broken(error)
            }
            items.append(item)
        }
        guard let previous, let chain else { throw broken(.wrongHash(sequence: last)) }
        return Run(lines: lines, items: items, previous: previous, head: chain)
    }

    private static func split(_ body: Data, first: Int64, last: Int64) throws(Refusal) -> [Data] {
        guard body.count <= WireLimits.bytesPerBatch else {
            throw Refusal(
                error: .tooLarge,
                message:
                    "the records have \(body.count) bytes, more than the \(WireLimits.bytesPerBatch) of one batch; "
                    + "send fewer records at once")
        }
        let lines = lines(of: body)
        guard Int64(lines.count) == last - first + 1 else {
            throw Refusal(
                error: .malformed,
                message: "the path names records \(first)-\(last), but the body has \(lines.count) lines")
        }
        if let index = lines.firstIndex(where: { $0.count > Record.maximumLineBytes }) {
            throw Refusal(
                error: .malformed,
                message: "the line of record \(first + Int64(index)) has \(lines[index].count) bytes, more than the "
                    + "\(Record.maximumLineBytes) of one record")
        }
        return lines
    }

    /// The lines without their newlines; the last one may lack its newline. Over the bytes themselves: splitting `Data`
    /// takes as long as decoding the lines.
    private static func lines(of body: Data) -> [Data] {
        body.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> [Data] in
            var lines: [Data] = []
            var start = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                lines.append(Data(bytes[start..<end]))
                start = end + 1
            }
            return lines
        }
    }

    /// One line as an item. A body that is not understood is no reason to refuse it; a header that says other than the
    /// chain is.
    static func item(
        of line: Data, sequence: Int64, kiosk: KioskID, epoch: Int
    ) throws(Refusal) -> Item {
        let item: Item
        do throws(ChainError) {
            item = try Item(line: line, sequence: sequence)
        } catch {
            throw broken(error)
        }
        guard item.header.kiosk == kiosk, item.header.epoch == epoch else {
            let reason =
                "it is a record of kiosk \(item.header.kiosk), epoch \(item.header.epoch), sent as one of "
                + "kiosk \(kiosk), epoch \(epoch)"
            throw broken(.notARecord(sequence: sequence, reason: reason))
        }
        return item
    }

    static func broken(_ error: ChainError) -> Refusal {
        Refusal(
            error: .brokenChain,
            message: "\(error); the kiosk must read its journal again, and be looked at if this is repeated")
    }
}

extension CheckedBatch.Item {
    /// Decodes the whole record once, and its header alone only where that fails.
    init(line: Data, sequence: Int64) throws(ChainError) {
        if let record = try? Record(line: line) {
            self.init(
                header: record.header, body: record.header.version == 1 ? record.body : .unknown(kind: record.body.kind)
            )
            return
        }
        do {
            self.init(header: try RecordHeader(line: line), body: nil)
        } catch {
            throw .notARecord(sequence: sequence, reason: "its header is not that of a record")
        }
    }
}
