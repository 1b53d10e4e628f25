import Collecting
import FoundationEssentials
import Torture

/// What really happened, told by the world that the kiosk's clocks cannot touch.
struct TrueVisit: Equatable, Sendable {
    /// When the dialog was shown, milliseconds since 1970: at some moment within.
    var shown: ClosedRange<Int64>
    /// Whether the boot had met the collector when the record was stored there.
    var met: Bool
    var mark: Int
}

/// A visit as the collector would report it.
struct PlacedVisit: Equatable, Sendable {
    var sequence: Int64
    var placed: Int64
    var uncertainty: Int64
    var mark: Int?

    init(_ row: SessionRow) {
        sequence = row.shownSequence
        placed = row.placed
        uncertainty = row.uncertainty
        mark = row.overall
    }
}

extension Tried {
    /// "Same-boot error ≤ 2 s after first contact" (`reliability.md` G33), milliseconds.
    static let mostError: Int64 = 2_000

    /// Order is exact; what met the collector stands where it was; what did not is an interval that holds the truth.
    mutating func compare(_ kiosk: String, happened: [TrueVisit], placed: [PlacedVisit]) {
        let placed = placed.sorted { $0.sequence < $1.sequence }
        guard placed.map(\.mark) == happened.map({ Optional($0.mark) }) else {
            return violate("\(kiosk): \(happened.count) visits, and \(placed.count) are stored, or in another order")
        }
        for (truth, row) in zip(happened, placed) {
            let off = Self.distance(from: row.placed, to: truth.shown)
            if truth.met {
                if row.uncertainty != 0 {
                    violate("\(kiosk) \(row.sequence): its boot met the collector, yet ±\(row.uncertainty)")
                }
                if off > Self.mostError { violate("\(kiosk) \(row.sequence): \(off) ms off, and said to be certain") }
            } else {
                if row.uncertainty == 0 { violate("\(kiosk) \(row.sequence): corrected silently, \(off) ms off") }
                if off > row.uncertainty + Self.mostError {
                    violate("\(kiosk) \(row.sequence): \(off) ms off, outside of ±\(row.uncertainty)")
                }
            }
        }
    }

    /// The report counts each rating whose time is an interval, and no other.
    mutating func compare(happened: [TrueVisit], counted: [Tally]) {
        let (ratings, uncertain) = (counted.map(\.ratings).reduce(0, +), counted.map(\.uncertain).reduce(0, +))
        if ratings != happened.count { violate("the report counts \(ratings) ratings of \(happened.count)") }
        let expected = happened.count { !$0.met }
        if uncertain != expected { violate("the report counts \(uncertain) uncertain times, and \(expected) are") }
    }

    private static func distance(from time: Int64, to range: ClosedRange<Int64>) -> Int64 {
        max(0, range.lowerBound - time, time - range.upperBound)
    }
}
