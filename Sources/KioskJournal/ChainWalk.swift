import FoundationEssentials
import GRDB
import Glibc
import Ledger
import Ratings

/// A walk over every record that the journal keeps, in steps, so that storing goes on in between.
public struct ChainWalk: Sendable {
    /// How much of each record is looked at.
    enum Depth {
        /// The link and the hash: every changed byte is found.
        case links
        /// Also the fields that name the record, which only a program that wrote them wrong can have spoilt.
        case fields
    }

    let depth: Depth
    /// The chain being walked and the last record that was found right.
    var position: ChainHead
    /// Records found right so far, over all epochs.
    public internal(set) var records: Int64 = 0
}

/// What one step of a walk found.
public enum WalkStep: Equatable, Sendable {
    case more
    /// Every record is right up to this head of the present epoch.
    case intact(records: Int64, head: ChainHead)
    /// The first record that is not as it was stored.
    case broken(epoch: Int, sequence: Int64, reason: String)
}

extension Journal {
    /// Starts a walk at the first record kept of the oldest epoch; nothing before enrolment.
    public func walk() -> ChainWalk? { walk(.fields) }

    func walk(_ depth: ChainWalk.Depth) -> ChainWalk? {
        epochs.first.map { ChainWalk(depth: depth, position: $0.anchor) }
    }

    /// Takes the walk over the next records (`JournalLimits.recordsPerStep`). Throws only when the store cannot be read.
    public func step(_ walk: inout ChainWalk) throws(JournalError) -> WalkStep {
        guard let index = epochs.firstIndex(where: { $0.number == walk.position.epoch }) else {
            throw .noSuchRecord(epoch: walk.position.epoch, sequence: walk.position.sequence)
        }
        let epoch = epochs[index]
        // Compaction may have overtaken the walk: what it deleted cannot be wrong any more.
        if walk.position.sequence < epoch.anchor.sequence { walk.position = epoch.anchor }
        var position = walk.position
        let found: (sequence: Int64, error: ChainError)? = try access("read the records") { [limits, walk] db in
            do {
                try Self.follow(
                    &position, to: epoch.head.sequence, maximum: limits.recordsPerStep, walk.depth, db)
                return nil
            } catch let error as ChainError {
                return (try Self.culprit(after: position, in: epoch, error, db), error)
            }
        }
        if let found {
            return .broken(epoch: epoch.number, sequence: found.sequence, reason: found.error.description)
        }
        walk.records += position.sequence - walk.position.sequence
        walk.position = position
        if position.sequence < epoch.head.sequence { return .more }
        if position.hash != epoch.head.hash {
            let error = ChainError.wrongHash(sequence: position.sequence)
            return .broken(epoch: epoch.number, sequence: position.sequence, reason: error.description)
        }
        if index + 1 < epochs.count {
            walk.position = epochs[index + 1].anchor
            return .more
        }
        return .intact(records: walk.records, head: position)
    }

    /// Walks to the end at once; for commands that have the journal to themselves. Before enrolment: no records, no head.
    public func verify() throws(JournalError) -> WalkStep? { try verify(.fields) }

    func verify(_ depth: ChainWalk.Depth) throws(JournalError) -> WalkStep? {
        guard var walk = walk(depth) else { return nil }
        while true {
            let found = try step(&walk)
            if found != .more { return found }
        }
    }

    /// The record that was changed, when the walk stopped after `position`: the one before a broken link, unless the one
    /// after the link is not what its own follower says it is.
    static func culprit(
        after position: ChainHead, in epoch: EpochState, _ error: ChainError, _ db: Database
    ) throws -> Int64 {
        let stopped = position.sequence + 1
        guard case .wrongPrevious = error,
            let changed = try storedLine(stopped, of: epoch.number, db)
        else { return stopped }
        let hash = ChainHash(of: changed)
        let followed: String?
        if stopped == epoch.head.sequence {
            followed = epoch.head.hash.base64
        } else {
            let next = try storedLine(stopped + 1, of: epoch.number, db)
            followed = next.flatMap { try? RecordHeader(line: $0) }?.previous
        }
        return hash.base64 == followed ? position.sequence : stopped
    }

    /// Moves `head` over the stored records after it, at most `maximum` of them and not beyond `last`.
    /// Throws `ChainError` at the first that does not follow; the head then stands before it.
    static func follow(
        _ head: inout ChainHead, to last: Int64, maximum: Int, _ depth: ChainWalk.Depth, _ db: Database
    ) throws {
        let end = min(last, head.sequence + Int64(maximum))
        guard end > head.sequence else { return }
        let rows = try lines(of: head.epoch, from: head.sequence + 1, to: end, db)
        while let row = try rows.next() {
            let (sequence, line) = try Self.line(row, of: head.epoch)
            guard line.count <= Record.maximumLineBytes else {
                throw ChainError.notARecord(sequence: sequence, reason: "it is too long")
            }
            switch depth {
            case .links: try head.advance(over: line, sequence: sequence, previous: line.previousHash(head.hash))
            case .fields:
                try head.advance(over: line, sequence: sequence, previous: header(line, sequence, head).previous)
            }
        }
        guard head.sequence == end else {
            throw ChainError.notARecord(sequence: head.sequence + 1, reason: "it is missing")
        }
    }

    private static func header(_ line: Data, _ sequence: Int64, _ head: ChainHead) throws -> RecordHeader {
        let header: RecordHeader
        do { header = try RecordHeader(line: line) } catch {
            throw ChainError.notARecord(sequence: sequence, reason: "it is not the JSON of a record")
        }
        guard header.kiosk.rawValue == head.kiosk, header.epoch == head.epoch else {
            throw ChainError.notARecord(sequence: sequence, reason: "it belongs to another kiosk or epoch")
        }
        guard header.sequence == sequence else {
            throw ChainError.wrongSequence(expected: sequence, found: header.sequence)
        }
        return header
    }

    /// The stored rows of a range, in order.
    static func lines(of epoch: Int, from first: Int64, to last: Int64, _ db: Database) throws -> RowCursor {
        let statement = try db.cachedStatement(
            sql: "SELECT position, line FROM record WHERE position BETWEEN ? AND ? ORDER BY position")
        return try Row.fetchCursor(
            statement,
            arguments: [
                JournalSchema.position(epoch: epoch, sequence: first),
                JournalSchema.position(epoch: epoch, sequence: last),
            ])
    }

    /// One stored line; nothing when there is none.
    private static func storedLine(_ sequence: Int64, of epoch: Int, _ db: Database) throws -> Data? {
        let statement = try db.cachedStatement(sql: "SELECT position, line FROM record WHERE position = ?")
        let position = JournalSchema.position(epoch: epoch, sequence: sequence)
        // A copy: a row of a cursor is empty as soon as the cursor is gone.
        return try Row.fetchOne(statement, arguments: [position]).map { try line($0, of: epoch).line }
    }

    /// The sequence within the epoch and the line of a row. The position of a damaged row may lie in another epoch: its
    /// sequence is then none that could follow.
    static func line(_ row: Row, of epoch: Int) throws -> (sequence: Int64, line: Data) {
        guard let position = row.value("position", Int64.self), let line = row.value("line", Data.self) else {
            throw Unreadable(reason: "a row of the records holds no line")
        }
        return (
            position.subtractingReportingOverflow(JournalSchema.position(epoch: epoch, sequence: 0)).partialValue, line
        )
    }

    /// The head that the record `sequence` makes, from its stored line; the anchor for the record before the first kept.
    /// The sequence is within what the journal keeps: a record missing there is damage.
    static func head(at sequence: Int64, of epoch: EpochState, _ db: Database) throws -> ChainHead {
        if sequence == epoch.head.sequence { return epoch.head }
        if sequence == epoch.anchor.sequence { return epoch.anchor }
        guard let stored = try storedLine(sequence, of: epoch.number, db) else {
            throw ChainError.notARecord(sequence: sequence, reason: "it is missing")
        }
        let hash = ChainHash(of: stored)
        return ChainHead(kiosk: epoch.head.kiosk, epoch: epoch.number, sequence: sequence, hash: hash)
    }
}

extension Data {
    /// `hash` in base64 where the line carries it as its `prev`, an empty text otherwise. Looked for as bytes: decoding the
    /// JSON of every record would take a start after a failure beyond its three seconds. A quotation mark inside a JSON
    /// string is escaped, so the pattern is found only as the field itself.
    func previousHash(_ hash: ChainHash) -> String {
        let text = hash.base64
        return contains("\"prev\":\"\(text)\"") ? text : ""
    }

    private func contains(_ pattern: String) -> Bool {
        var pattern = pattern
        return pattern.withUTF8 { wanted in
            withUnsafeBytes { line in
                guard let pattern = wanted.baseAddress, var place = line.baseAddress else { return false }
                let end = place + line.count
                // From one candidate for the first letter after the quotation mark to the next.
                while place + wanted.count <= end,
                    let found = memchr(place + 1, Int32(pattern[1]), end - place - 1)
                {
                    guard found - 1 + wanted.count <= end else { return false }
                    if memcmp(found - 1, pattern, wanted.count) == 0 { return true }
                    place = UnsafeRawPointer(found)
                }
                return false
            }
        }
    }
}
