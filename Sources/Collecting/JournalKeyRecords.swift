import Ledger
import Ratings

extension JournalKeys {
    /// Follows one record of the epoch: a `key` record whose succession takes over the journal key changes the key from
    /// that record on. Gives the succession that it took. A record of another kind or role, or one that does not follow,
    /// changes nothing: it is kept by its hash, and no signature counts by it.
    @discardableResult
    public mutating func follow(_ body: RecordBody?, at sequence: Int64) -> KeySuccession? {
        guard case .key(let change) = body, change.purpose == .journal, let note = change.note,
            let succession = try? KeySuccession(parsing: note)
        else { return nil }
        do throws(SuccessionError) {
            try take(succession, at: sequence)
            return succession
        } catch {
            return nil
        }
    }
}
