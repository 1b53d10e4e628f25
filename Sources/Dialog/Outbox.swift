import Ratings

/// The records that wait for the store, oldest first; only the first one has been handed over.
///
/// One at a time, so that an answer is never stored without the `shown` before it. Bounded: a session begins only while
/// at most one record waits, and adds at most three.
struct Outbox: Sendable {
    struct Entry: Sendable {
        let token: AppendToken
        let body: RecordBody
        /// When it was handed over.
        var sent: Int64?
    }

    static let capacity = 4

    private(set) var entries: [Entry] = []
    private var lastToken: UInt64 = 0

    var head: Entry? { entries.first }
    var mayBeginSession: Bool { entries.count <= 1 }

    mutating func add(_ body: RecordBody) {
        precondition(entries.count < Self.capacity, "more records wait for the store than one session has")
        lastToken += 1
        entries.append(Entry(token: AppendToken(rawValue: lastToken), body: body, sent: nil))
    }

    /// The entry to hand over now, if none is under way.
    mutating func send(at now: Int64) -> Entry? {
        guard let head, head.sent == nil else { return nil }
        entries[0].sent = now
        return head
    }

    /// Removes the entry under way; nothing for any other token (an answer that came after its time).
    mutating func take(_ token: AppendToken) -> Entry? {
        guard let head, head.sent != nil, head.token == token else { return nil }
        return entries.removeFirst()
    }

    mutating func removeAll() { entries.removeAll() }
}
