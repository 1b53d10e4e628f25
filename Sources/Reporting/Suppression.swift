/// Keeps the answers of a few people out of what is published (`reliability.md` §7, “Small cells”).
///
/// What is done: a row with fewer than `minimum` ratings carries no figures at all, and a total is the sum of the rows
/// that are shown beside it, never of a hidden one, so that no subtraction on one page brings a hidden row back.
/// What is not done: comparing two reports of different days, or two groupings of the same ratings, may still single out
/// a few ratings; that needs the frozen bulletins and complementary suppression of a later version.
public struct Suppression: Equatable, Sendable {
    /// The fewest ratings that are shown.
    public var minimum: Int

    public init(minimum: Int) { self.minimum = minimum }

    /// NHS GP Patient Survey: fewer than 10 are not shown.
    public static let standard = Suppression(minimum: 10)

    /// Whether a row of these counts may show its figures.
    public func shows(_ counts: Counts) -> Bool { counts.marks.count >= max(1, minimum) }

    /// The sum of those rows that may be shown, and how many may not.
    public func total(_ rows: [Counts]) -> (shown: Counts, hidden: Int) {
        let shown = rows.filter(shows)
        return (shown.reduce(Counts(), +), rows.count - shown.count)
    }
}
