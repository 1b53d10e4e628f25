/// How often each mark was given to one question: what every figure is computed from.
public struct Marks: Equatable, Sendable {
    /// The marks that a rating may have, 1 the worst.
    public static let scale = 1...5

    private var counts: [Int]

    /// No marks at all.
    public init() { counts = Array(repeating: 0, count: Self.scale.count) }

    /// `counts[0]` is how often 1 was given, … `counts[4]` how often 5; five counts, none negative.
    public init(_ counts: [Int]) {
        precondition(counts.count == Self.scale.count && counts.allSatisfy { $0 >= 0 }, "five counts, none negative")
        self.counts = counts
    }

    /// How often `mark` (1–5) was given.
    public subscript(mark: Int) -> Int { counts[mark - 1] }

    /// Counts a mark `times` more; a mark outside the scale is not counted, and the answer says so.
    @discardableResult
    public mutating func add(_ mark: Int, times: Int = 1) -> Bool {
        guard Self.scale.contains(mark) else { return false }
        counts[mark - 1] += times
        return true
    }

    /// The number of marks, n.
    public var count: Int { counts.reduce(0, +) }

    /// How many are 4 or 5.
    public var satisfied: Int { self[4] + self[5] }

    /// Σ mark / n, without rounding; nothing when there are no marks.
    public var mean: Double? {
        guard count > 0 else { return nil }
        return Double(Self.scale.reduce(0) { $0 + $1 * self[$1] }) / Double(count)
    }

    public static func + (left: Marks, right: Marks) -> Marks {
        Marks(zip(left.counts, right.counts).map { $0 + $1 })
    }
}

/// What became of the dialogs that were shown: the denominator that a share of satisfied people needs beside it.
public struct Dialogs: Equatable, Sendable {
    public var shown: Int
    public var answered: Int
    public var timeout: Int
    public var cancelled: Int
    public var interrupted: Int
    public var refused: Int

    public init(
        shown: Int = 0, answered: Int = 0, timeout: Int = 0, cancelled: Int = 0, interrupted: Int = 0, refused: Int = 0
    ) {
        self.shown = shown
        self.answered = answered
        self.timeout = timeout
        self.cancelled = cancelled
        self.interrupted = interrupted
        self.refused = refused
    }

    /// Dialogs that were shown and whose end has not been reported (yet): going on, or their record is still to come.
    public var open: Int { max(0, shown - answered - timeout - cancelled - interrupted - refused) }

    public static func + (left: Dialogs, right: Dialogs) -> Dialogs {
        Dialogs(
            shown: left.shown + right.shown, answered: left.answered + right.answered,
            timeout: left.timeout + right.timeout, cancelled: left.cancelled + right.cancelled,
            interrupted: left.interrupted + right.interrupted, refused: left.refused + right.refused)
    }
}

/// The counts of one row of a report: marks of the question that is reported, and what became of the dialogs.
public struct Counts: Equatable, Sendable {
    public var marks: Marks
    public var dialogs: Dialogs

    public init(marks: Marks = Marks(), dialogs: Dialogs = Dialogs()) {
        self.marks = marks
        self.dialogs = dialogs
    }

    public static func + (left: Counts, right: Counts) -> Counts {
        Counts(marks: left.marks + right.marks, dialogs: left.dialogs + right.dialogs)
    }
}
