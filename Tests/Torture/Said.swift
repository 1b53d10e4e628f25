/// What one visitor did: an answer that was thanked, or one that may be stored or not.
public struct Said: Equatable, Sendable {
    public var mark: Int
    public var isThanked: Bool

    public init(mark: Int, isThanked: Bool) {
        self.mark = mark
        self.isThanked = isThanked
    }

    /// What is wrong if these marks are stored: each thanked one must be there once and in order, one without thanks may be
    /// there or not, and no other.
    public static func complaint(over said: [Said], stored: [Int]) -> String? {
        // How many of the stored marks may be explained by those who came so far: more than one number where an answer
        // without thanks equals the next one.
        var explained: Set<Int> = [0]
        for (number, visitor) in said.enumerated() {
            let taken = explained.filter { $0 < stored.count && stored[$0] == visitor.mark }.map { $0 + 1 }
            let next = Set(taken).union(visitor.isThanked ? [] : explained)
            guard !next.isEmpty else {
                return "visitor \(number + 1) of \(said.count) was thanked, and the answer is not stored there"
            }
            explained = next
        }
        let most = explained.max() ?? 0
        return explained.contains(stored.count) ? nil : "\(stored.count - most) answers are stored that nobody gave"
    }
}
