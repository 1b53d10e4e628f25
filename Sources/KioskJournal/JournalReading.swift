import FoundationEssentials
import GRDB
import Ledger

/// A run of records with the notes that vouch for it.
public struct JournalBatch: Equatable, Sendable {
    public let enrolment: JournalEnrolment
    public let first: Int64
    public let last: Int64
    /// The lines `first…last`, without their newlines.
    public let lines: [String]
    /// The checkpoint of `last`.
    public let checkpoint: String
    /// The checkpoint of the epoch's newest record, sent or not.
    public let head: String
    /// The newest receipt held for the epoch.
    public let receipt: String?
}

extension Journal {
    /// The records from `first` on, verified against the chain as they are read; nothing when there are none.
    ///
    /// Without `first`: the lowest unreceipted ones of the present epoch, or, when all of those are receipted, of the newest
    /// earlier epoch that still waits. Counts are cut to `JournalLimits.maximumBatch…`; one record always fits, and the
    /// loss that opens an epoch with the changes of the key after it, which the collector takes only together. A wrong
    /// record ends the batch before it. Throws `.damaged` when it is the first, `.noSuchRecord` for one not kept.
    public func batch(
        epoch number: Int? = nil, first: Int64? = nil, maximumRecords: Int = JournalLimits.maximumBatchRecords,
        maximumBytes: Int = JournalLimits.maximumBatchBytes
    ) throws(JournalError) -> JournalBatch? {
        guard let index = first == nil && number == nil ? waitingEpoch : epochIndex(number) else { return nil }
        let epoch = epochs[index]
        let first = first ?? epoch.receipted + 1
        guard first <= epoch.head.sequence else { return nil }
        guard first > epoch.anchor.sequence else { throw .noSuchRecord(epoch: epoch.number, sequence: first) }
        let last = min(
            epoch.head.sequence,
            max(first + Int64(max(1, min(maximumRecords, JournalLimits.maximumBatchRecords))) - 1, epoch.opening(first))
        )
        let found = try access("read a batch") { [store] db in
            var run = try LineRun(
                after: Self.head(at: first - 1, of: epoch, db),
                maximumBytes: min(maximumBytes, JournalLimits.maximumBatchBytes), needed: epoch.opening(first))
            try run.read(Self.lines(of: epoch.number, from: first, to: last, db))
            guard !run.lines.isEmpty else {
                throw JournalError.damaged(
                    path: store.path, reason: "record \(first) does not follow the one before it")
            }
            return run
        }
        epochs[index].offered = max(epoch.offered, found.head.sequence)
        return JournalBatch(
            enrolment: epoch.enrolment, first: first, last: found.head.sequence, lines: found.lines,
            checkpoint: try checkpoint(of: found.head), head: try checkpoint(of: epoch.head), receipt: epoch.receipt)
    }

    /// The newest record of the newest epoch before this one, or before the present one, whose records are all receipted;
    /// nothing when there is none, or when none of its records is kept. A collector that was restored to before it says so
    /// when it is shown this record with its receipt. Throws what `batch` throws.
    public func lastReceipted(before number: Int? = nil) throws(JournalError) -> JournalBatch? {
        let bound = min(number ?? .max, epochs.last?.number ?? 0)
        let found = epochs.last {
            $0.number < bound && isUploadable($0) && $0.unsent == 0 && $0.anchor.sequence < $0.head.sequence
        }
        guard let found else { return nil }
        return try batch(epoch: found.number, first: found.head.sequence, maximumRecords: 1)
    }

    /// The signed checkpoint of the present epoch's newest record; nothing before enrolment.
    public func headCheckpoint() throws(JournalError) -> String? {
        guard let head else { return nil }
        return try checkpoint(of: head)
    }

    /// The signed checkpoint of one record of the present epoch. Throws `.noSuchRecord` for one that is not kept.
    public func checkpoint(_ sequence: Int64) throws(JournalError) -> String {
        guard let present = epochs.last else { throw .notEnrolled }
        guard (present.anchor.sequence...present.head.sequence).contains(sequence) else {
            throw .noSuchRecord(epoch: present.number, sequence: sequence)
        }
        return try checkpoint(of: try access("read a record") { db in try Self.head(at: sequence, of: present, db) })
    }

    /// The newest lines of the present epoch, oldest first: what a start looks at after a failure in the middle of a session.
    public func newest(_ count: Int) throws(JournalError) -> [String] {
        guard let present = epochs.last else { return [] }
        let first = max(present.anchor.sequence, present.head.sequence - Int64(max(0, count))) + 1
        return try access("read the newest records") { db in
            let rows = try Self.lines(of: present.number, from: first, to: present.head.sequence, db)
            var lines: [String] = []
            while let row = try rows.next() {
                lines.append(String(decoding: try Self.line(row, of: present.number).line, as: UTF8.self))
            }
            return lines
        }
    }

    private func checkpoint(of head: ChainHead) throws(JournalError) -> String {
        guard let epoch = epochs.first(where: { $0.number == head.epoch }) else { throw .notEnrolled }
        // Older keys sign too: a collector that has not seen a change yet knows no other.
        let publicKeys =
            [epoch.keys.first]
            + epoch.keys.changes.prefix { $0.sequence <= head.sequence }.compactMap(\.succession.newKey)
        let signers = publicKeys.compactMap { ring[$0] }
        guard signers.last?.publicKey == epoch.keys.key(at: head.sequence) else {
            throw .key(path: files.key, reason: "the key of epoch \(epoch.number) is missing; put the file back")
        }
        do { return try Checkpoint(head: head, signedWith: signers).serialized } catch {
            throw .key(path: files.key, reason: "it cannot sign: \(error)")
        }
    }

    /// The epoch whose records are offered next: the present one first, so that an earlier one can never hold it up.
    private var waitingEpoch: Int? { epochs.lastIndex { isUploadable($0) && $0.unsent > 0 } }

    private func epochIndex(_ number: Int?) -> Int? {
        guard let number else { return epochs.indices.last }
        return epochs.firstIndex { $0.number == number }
    }
}

/// Lines that follow one another, up to a number of bytes. Reading 500 of them must not hold the store up, so a line's link
/// is looked for as bytes and the JSON is not decoded; the line was decoded by nobody since it was written.
private struct LineRun {
    var head: ChainHead
    var lines: [String] = []
    private var bytesLeft: Int
    /// Up to this record it is taken whatever its length.
    private let needed: Int64

    init(after head: ChainHead, maximumBytes: Int, needed: Int64) {
        self.head = head
        bytesLeft = maximumBytes
        self.needed = needed
    }

    mutating func read(_ rows: RowCursor) throws {
        while let row = try rows.next() {
            let (sequence, line) = try Journal.line(row, of: head.epoch)
            bytesLeft -= line.count + 1
            guard sequence == head.sequence + 1, lines.isEmpty || sequence <= needed || bytesLeft >= 0,
                !line.previousHash(head.hash).isEmpty,
                let text = String(validating: line, as: UTF8.self)
            else { return }
            head.sequence = sequence
            head.hash = ChainHash(of: line)
            lines.append(text)
        }
    }
}
