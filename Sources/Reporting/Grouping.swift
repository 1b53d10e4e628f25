/// By what the ratings of a report are put together.
public enum Grouping: String, Sendable, CaseIterable {
    case territory, direction, service, provider, office, window, month
}

/// The days a report covers, each as `2026-11-22` in UTC; an open end is not limited.
public struct Period: Equatable, Sendable {
    /// The first day.
    public var from: String?
    /// The last day, included.
    public var to: String?

    public init(from: String? = nil, to: String? = nil) {
        self.from = from
        self.to = to
    }

    public static let always = Period()
}

/// One row as the store counts it.
public struct Counted: Equatable, Sendable {
    /// One name for each grouping that was asked for, in that order; nil where the records do not say.
    public var keys: [String?]
    public var tally: Tally

    public init(keys: [String?], tally: Tally) {
        self.keys = keys
        self.tally = tally
    }
}
