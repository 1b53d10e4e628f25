/// What will happen when, in the order of time; what was planned first comes first among equals.
struct Agenda<Happening> {
    private struct Entry {
        var time: Int64
        var order: UInt64
        var happening: Happening

        func precedes(_ other: Entry) -> Bool { (time, order) < (other.time, other.order) }
    }

    /// A binary heap.
    private var entries: [Entry] = []
    private var order: UInt64 = 0

    var nextTime: Int64? { entries.first?.time }

    mutating func add(_ happening: Happening, at time: Int64) {
        order += 1
        entries.append(Entry(time: time, order: order, happening: happening))
        var child = entries.count - 1
        while child > 0, entries[child].precedes(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (time: Int64, happening: Happening)? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink()
        }
        return (first.time, first.happening)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child].precedes(entries[least]) { least = child }
            }
            if least == parent { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
