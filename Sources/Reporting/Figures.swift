/// What a report says of a set of marks. Percentages are 0…100, unrounded.
public struct Figures: Equatable, Sendable {
    /// The number of ratings.
    public let count: Int
    /// Ratings with 4 or 5.
    public let satisfied: Int
    /// 100 · satisfied / count.
    public let share: Double
    /// The lower bound of the Wilson 95 % interval of `share`.
    public let low: Double
    /// The upper bound.
    public let high: Double
    /// The mean mark.
    public let mean: Double

    /// Nothing when there are no marks: a share of nothing is not 0 %.
    public init?(_ marks: Marks) {
        guard let interval = Wilson.interval(successes: marks.satisfied, count: marks.count), let mean = marks.mean
        else { return nil }
        count = marks.count
        satisfied = marks.satisfied
        share = 100 * Double(marks.satisfied) / Double(marks.count)
        low = 100 * interval.lowerBound
        high = 100 * interval.upperBound
        self.mean = mean
    }
}

/// The formulas of `Figures` in one line, as they are printed beside the figures.
public enum Formula {
    public static let share = "share = 100·(#4 + #5)/n"
    public static let interval =
        "low, high = 100·(k + z²/2 ∓ z·√(k(n − k)/n + z²/4))/(n + z²), k = #4 + #5, z = 1.959964 (Wilson, 95 %)"
    public static let mean = "mean = Σ mark/n"
}
