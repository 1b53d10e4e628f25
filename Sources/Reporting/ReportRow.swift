// A row of `otsenka-collector report ratings --json` and of `GET /v1/report`.
//
// Constraints: other people's scripts read it (Contract): names never change, a suppressed row has no figures. Format:
// {"key","n","satisfied","share","low","high","mean"} with percentages and the mean rounded to six decimals, or
// {"key","suppressed":true}.

/// One row of a report for programs.
public struct ReportRow: Codable, Equatable, Sendable {
    /// The group's name; `(none)` where the records do not say.
    public var key: String
    public var n: Int?
    public var satisfied: Int?
    /// Percent, as `low` and `high`.
    public var share: Double?
    public var low: Double?
    public var high: Double?
    public var mean: Double?
    /// True, and no figures, in a row that may not be shown; else absent.
    public var suppressed: Bool?

    public static let nameless = "(none)"

    public init(key: String?, marks: Marks, suppression: Suppression) {
        self.key = key ?? Self.nameless
        guard suppression.shows(Counts(marks: marks)), let figures = Figures(marks) else {
            suppressed = true
            return
        }
        n = figures.count
        satisfied = figures.satisfied
        share = Self.rounded(figures.share)
        low = Self.rounded(figures.low)
        high = Self.rounded(figures.high)
        mean = Self.rounded(figures.mean)
    }

    /// Six decimals: more than any sample carries, and the same text on every machine.
    private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}
