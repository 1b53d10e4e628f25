import FoundationEssentials
import Ledger
import Ratings
import Wire

import func Glibc.memchr

/// Records that a kiosk sent, after everything that can be checked without the store: signatures, limits and the chain.
struct CheckedBatch: Sendable {
    /// A link of the chain, and what was understood of it. What was not is taken by its hash all the same: a record that
    /// is refused would hold up all that follow it for ever.
    struct Item: Sendable {
        var link: RecordLink
        /// When it was written; nothing where that is not understood.
        var moment: BootClocks.Moment?
        var content: Content

        /// What a record says that was understood.
        var body: RecordBody? {
            guard case .body(let body) = content else { return nil }
            return body
        }
    }

    /// What a line says.
    enum Content: Sendable {
        case body(RecordBody)
        case quarantined(QuarantinedRow.Reason)
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
    /// Whether a file brought it, any time later: it tells when the kiosk exported, and nothing of now.
    var isCarried = false
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
                guard let hash = ChainHash(base64: item.link.previous) else {
                    throw broken(.notARecord(sequence: sequence, reason: "prev is not the base64 of a SHA-256"))
                }
                previous = hash
                chain = ChainHead(kiosk: kiosk.rawValue, epoch: epoch, sequence: first - 1, hash: hash)
            }
            do throws(ChainError) {
                try chain?.advance(over: line, sequence: item.link.sequence, previous: item.link.previous)
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

    /// One line as an item. Nothing that it says is a reason to refuse it, as long as it can be linked to the one before
    /// it: without `seq` and `prev` a later change of what came before could not be seen.
    static func item(
        of line: Data, sequence: Int64, kiosk: KioskID, epoch: Int
    ) throws(Refusal) -> Item {
        if let item = Item(line: line, kiosk: kiosk, epoch: epoch) { return item }
        throw broken(
            .notARecord(sequence: sequence, reason: "it has no seq and prev, which would link it to the chain"))
    }

    static func broken(_ error: ChainError) -> Refusal {
        Refusal(
            error: .brokenChain,
            message: "\(error); the kiosk must read its journal again, and be looked at if this is repeated")
    }
}

extension CheckedBatch.Item {
    /// Decodes the whole record once, and parts of it only where that fails. Nothing for a line that is no link of a chain.
    init?(line: Data, kiosk: KioskID, epoch: Int) {
        if let record = try? Record(line: line) {
            let isKnown = record.header.version == 1
            self.init(
                record.header, kiosk, epoch, isKnown ? .body(record.body) : .body(.unknown(kind: record.body.kind)))
        } else if let header = try? RecordHeader(line: line) {
            self.init(header, kiosk, epoch, .quarantined(.badBody))
        } else if let link = try? RecordLink(line: line) {
            let isLong = line.count > Record.maximumLineBytes
            self.init(link: link, moment: nil, content: .quarantined(isLong ? .longLine : .badHeader))
        } else {
            return nil
        }
    }

    /// Also one of a newer version, whose fields are not known here: it still opens its epoch.
    var isLoss: Bool {
        guard case .body(let body) = content else { return false }
        return body.kind == "loss"
    }

    /// The chain says whose records these are (its genesis names the kiosk and the epoch, and its checkpoints too); a line
    /// that says other is kept and means nothing.
    private init(_ header: RecordHeader, _ kiosk: KioskID, _ epoch: Int, _ content: CheckedBatch.Content) {
        let isOwn = header.kiosk == kiosk && header.epoch == epoch
        self.init(
            link: RecordLink(sequence: header.sequence, previous: header.previous),
            moment: isOwn ? BootClocks.Moment(boot: header.boot, bootMilliseconds: header.bootMilliseconds) : nil,
            content: isOwn ? content : .quarantined(.foreign))
    }
}
