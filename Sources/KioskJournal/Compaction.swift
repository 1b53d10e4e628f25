import FoundationEssentials
import GRDB
import Ledger

extension Journal {
    /// Deletes records that were receipted long enough ago, at most `JournalLimits.recordsPerStep` of them; returns how many.
    /// Call it again while it returns more than 0.
    ///
    /// The age of a record is the time from its receipt to the newest receipt, both on the collector's clock: a wrong clock
    /// of the kiosk deletes nothing, and a kiosk that hears from nobody keeps everything. On a full disk the ballast is given
    /// back first and restored afterwards.
    public func compact() throws(JournalError) -> Int {
        guard let plan = try access("plan the compaction", { [limits] db in try Self.plan(db, limits: limits, epochs) })
        else { return 0 }
        do {
            return try carryOut(plan)
        } catch {
            guard (error as? DatabaseError)?.resultCode == .SQLITE_FULL else {
                let error = JournalError(error, path: store.path, operation: "compact it")
                poisonAfter(error)
                throw error
            }
        }
        return try compactFull(plan)
    }

    /// Truncate the ballast, delete, fold the write-ahead log in, take the ballast up again: `reliability.md` §4. The log is
    /// folded in before as well, so that its room serves the deletion.
    private func compactFull(_ plan: CompactionPlan) throws(JournalError) -> Int {
        try Ballast(files: files, limits: limits).release()
        do {
            try foldLogIn()
            let count = try carryOut(plan)
            try foldLogIn()
            try settleSpace()
            return count
        } catch {
            let error = JournalError(error, path: store.path, operation: "compact it")
            poisonAfter(error)
            throw error
        }
    }

    private func foldLogIn() throws {
        try store.queue.writeWithoutTransaction { db in
            let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            // The first column is 1 when the log could not be folded in, which only another connection can cause.
            guard row?.value("busy", Int.self) == 0 else { throw DatabaseError(resultCode: .SQLITE_BUSY) }
        }
    }

    private func carryOut(_ plan: CompactionPlan) throws -> Int {
        let epoch = epochs[plan.index]
        let anchor = try store.queue.writeWithoutTransaction { db in
            var anchor = epoch.anchor
            try db.inTransaction(.immediate) {
                anchor = try Self.head(at: plan.last, of: epoch, db)
                try db.execute(
                    sql: "DELETE FROM record WHERE position BETWEEN ? AND ?",
                    arguments: [
                        JournalSchema.position(epoch: epoch.number, sequence: epoch.anchor.sequence + 1),
                        JournalSchema.position(epoch: epoch.number, sequence: plan.last),
                    ])
                try db.execute(
                    sql: "UPDATE epoch SET anchor_seq = ?, anchor_hash = ? WHERE epoch = ?",
                    arguments: [anchor.sequence, anchor.hash.bytes, epoch.number])
                return .commit
            }
            return anchor
        }
        epochs[plan.index].anchor = anchor
        return Int(anchor.sequence - epoch.anchor.sequence)
    }

    /// The next records to delete: the oldest ones of the oldest epoch that has any.
    private static func plan(_ db: Database, limits: JournalLimits, _ epochs: [EpochState]) throws -> CompactionPlan? {
        guard let now = try Int64.fetchOne(db, sql: "SELECT max(time) FROM receipt") else { return nil }
        let before = now.subtractingReportingOverflow(Int64(clamping: limits.keptAfterReceiptSeconds))
        guard !before.overflow else { return nil }
        for (index, epoch) in epochs.enumerated() {
            // A receipt's time could be wrong by itself, so every later receipt of the epoch must be old enough or newer in
            // sequence: the highest record with an old receipt is taken, and it is never above the newest receipt.
            let receipted = try Int64.fetchOne(
                db, sql: "SELECT max(seq) FROM receipt WHERE epoch = ? AND time <= ?",
                arguments: [epoch.number, before.partialValue])
            let last = min(receipted ?? 0, epoch.receipted, epoch.anchor.sequence + Int64(limits.recordsPerStep))
            if last > epoch.anchor.sequence { return CompactionPlan(index: index, last: last) }
        }
        return nil
    }

    /// Takes the ballast up again as far as there is room, and looks at the room anew.
    func settleSpace() throws(JournalError) {
        try Ballast(files: files, limits: limits).restore(leaving: try capacity().neededBytes)
        _ = try capacity()
    }
}

/// One step of compaction: which epoch, and up to which record.
private struct CompactionPlan {
    let index: Int
    let last: Int64
}
