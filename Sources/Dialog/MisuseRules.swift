import Ratings

/// The rules of misuse, version 1 (`reliability.md` §7, burst flag), over the finished ratings of this kiosk.
///
/// A rule flags the rating that completes its pattern and those after it while the pattern lasts; records already
/// stored are not touched, and nothing is dropped. Whoever evaluates the records later sees the whole pattern and may
/// judge anew.
/// Memory is bounded: ratings older than the longest window, and all above 64, are forgotten.
public struct MisuseRules: Equatable, Sendable {
    /// Stands in each `session` record that the rules have looked at.
    public static let version = 1
    /// At least 4 ratings in 20 s.
    public static let burst = "burst"
    /// At least 10 ratings in 2 min with the same first mark.
    public static let sameMark = "same_mark"
    /// Begun sooner after the rating before than the thanks screen permits: not made on this dialog.
    public static let tooFast = "too_fast"

    /// A session with at least one durable mark.
    public struct Rating: Equatable, Sendable {
        /// When the dialog appeared, and when its last mark was durable; monotonic milliseconds.
        public var begun: Int64
        public var marked: Int64
        /// The first mark given.
        public var mark: Int

        public init(begun: Int64, marked: Int64, mark: Int) {
            self.begun = begun
            self.marked = marked
            self.mark = mark
        }
    }

    private static let burstCount = 4
    private static let burstWindow: Int64 = 20_000
    private static let sameMarkCount = 10
    private static let sameMarkWindow: Int64 = 120_000
    private static let capacity = 64

    private let thanks: Int64
    private var recent: [Rating] = []

    /// - Parameter thanks: how long the thanks screen stays, milliseconds.
    public init(thanks: Int64) { self.thanks = thanks }

    /// Takes a finished rating and gives the names of the rules that it matches, in the order above.
    public mutating func flags(for rating: Rating) -> [String] {
        let before = recent.last
        recent.removeAll { rating.marked - $0.marked >= Self.sameMarkWindow }
        recent.append(rating)
        if recent.count > Self.capacity { recent.removeFirst() }

        var flags: [String] = []
        if recent.count(where: { rating.marked - $0.marked < Self.burstWindow }) >= Self.burstCount {
            flags.append(Self.burst)
        }
        if recent.count(where: { $0.mark == rating.mark }) >= Self.sameMarkCount {
            flags.append(Self.sameMark)
        }
        if let before, rating.begun - before.marked < thanks {
            flags.append(Self.tooFast)
        }
        return flags
    }
}
