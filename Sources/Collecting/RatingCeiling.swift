/// More ratings of one chain than people can give: they are stored and counted like all others, and flagged, so that a
/// report can show both totals (`reliability.md` §7, “Server rate”).
///
/// A rating is over the ceiling when the one `ratings` before it in the chain is placed less than a day before it. The
/// rule looks at nothing but records and their placed times, so that `verify` comes to the same flags again; its figure
/// is no setting for the same reason.
struct RatingCeiling {
    static let ratings = 5000
    static let milliseconds: Int64 = 24 * 3600 * 1000
    /// In `SessionRow.flags`.
    static let flag = "over-5000-a-day"

    enum Place { case under, first, over }

    let ratings: Int
    /// The placed times of ratings before the batch, the newest first: leaves out `skip` of them and gives at most
    /// `count`.
    let earlier: (_ skip: Int, _ count: Int) throws -> [Int64]

    /// Of this batch, in order.
    private var times: [Int64] = []
    private var before: [Int64]?
    private var wasOver: Bool?
    private static let batch = 500

    init(ratings: Int = Self.ratings, earlier: @escaping (_ skip: Int, _ count: Int) throws -> [Int64]) {
        self.ratings = ratings
        self.earlier = earlier
    }

    /// Judges the next rating of the batch, which is placed at `time`.
    mutating func add(_ time: Int64) throws -> Place {
        let over = try isOver(at: times.count, time)
        defer {
            times.append(time)
            wasOver = over
        }
        guard over else { return .under }
        if let wasOver { return wasOver ? .over : .first }
        guard let last = try earlier(0, 1).first else { return .first }
        return try isOver(at: -1, last) ? .over : .first
    }

    /// `index` counts from the first rating of the batch; those before it are negative.
    private mutating func isOver(at index: Int, _ time: Int64) throws -> Bool {
        guard let old = try self.time(at: index - ratings) else { return false }
        return time - old < Self.milliseconds
    }

    private mutating func time(at index: Int) throws -> Int64? {
        if index >= 0 { return times[index] }
        // Newest first: the rating at -1 is number 0. A batch asks for those from -ratings - 1 to -ratings + its length.
        let skip = max(0, ratings - Self.batch)
        let window = try before ?? earlier(skip, ratings + 1 - skip)
        before = window
        let number = -1 - index - skip
        return window.indices.contains(number) ? window[number] : nil
    }
}
