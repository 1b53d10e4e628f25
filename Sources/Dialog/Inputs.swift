/// Which contacts may press: none that was there before the question, one for each press.
struct Contacts: Sendable {
    /// When the first of the contacts landed that are down now.
    private(set) var downSince: Int64?
    /// Contacts count for nothing until all of them are up.
    private(set) var isLocked = false
    private(set) var isStuck = false

    mutating func down(at now: Int64) {
        if downSince == nil { downSince = now }
    }

    mutating func allUp() {
        self = Contacts()
    }

    /// Whatever is down now, and whatever joins it, is no press.
    mutating func lock() {
        if downSince != nil { isLocked = true }
    }

    func stuckDeadline(_ limit: Int64) -> Int64? {
        guard let downSince, !isStuck else { return nil }
        return downSince + limit
    }

    mutating func findStuck(at now: Int64, _ limit: Int64) {
        if let deadline = stuckDeadline(limit), now >= deadline { isStuck = true }
    }
}

/// Contact bounce of buttons: an edge closer than the limit to the last edge of the same button is not a press.
///
/// ```
/// down  bounce        up   bounce            down
///  ▼    ▲▼            ▲    ▼▲                 ▼
///  press ignored            ignored           press       (each edge within `debounce` of the one before it)
/// ```
/// The first edge acts at once and locks out, so that debouncing costs no time.
struct Debounce: Sendable {
    /// Buttons with a recent edge; more than any box has buttons.
    static let capacity = 32

    private var edges: [DialogKey: Int64] = [:]

    mutating func isPress(_ key: DialogKey, at now: Int64, _ limit: Int64) -> Bool {
        edges = edges.filter { now - $0.value < limit }
        let isBounce = edges[key] != nil
        guard isBounce || edges.count < Self.capacity else { return false }
        edges[key] = now
        return !isBounce
    }

    mutating func up(_ key: DialogKey, at now: Int64, _ limit: Int64) {
        _ = isPress(key, at: now, limit)
    }
}
