// A row of `otsenka-collector report ratings --json` and of `GET /v1/report`.
//
// Constraints: other people's scripts read it (Contract): names never change, a suppressed row has no figures. Format:
// {"key","n","satisfied","share","low","high","mean"} with percentages and the mean rounded to six decimals, or
// {"key","suppressed":true}.

/// One row of a report for programs.
public struct ReportRow: Equatable, Sendable {
    /// The group's name; `(none)` where the records do not say.
    public let key: String
    /// Nothing in a suppressed row.
    public let figures: Figures?

    public static let nameless = "(none)"

    public init(key: String?, marks: Marks, suppression: Suppression) {
        self.key = key ?? Self.nameless
        figures = suppression.shows(Counts(marks: marks)) ? Figures(marks) : nil
    }
}

extension ReportRow: Encodable {
    enum CodingKeys: String, CodingKey { case key, n, satisfied, share, low, high, mean, suppressed }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key, forKey: .key)
        guard let figures else { return try container.encode(true, forKey: .suppressed) }
        try container.encode(figures.count, forKey: .n)
        try container.encode(figures.satisfied, forKey: .satisfied)
        try container.encode(Self.rounded(figures.share), forKey: .share)
        try container.encode(Self.rounded(figures.low), forKey: .low)
        try container.encode(Self.rounded(figures.high), forKey: .high)
        try container.encode(Self.rounded(figures.mean), forKey: .mean)
    }

    /// Six decimals: more than any sample carries, and the same text on every machine.
    private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}
