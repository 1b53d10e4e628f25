/// The Wilson score interval of a share (E. B. Wilson, JASA 22 (1927) 209–212).
///
/// With p = k / n and z the normal quantile, the bounds are (p + z²/2n ∓ z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n). It stays
/// within 0–1 and keeps its coverage at small n, which the textbook interval p ∓ z·√(p(1−p)/n) does not (Brown, Cai and
/// DasGupta, Statistical Science 16 (2001) 101–133).
public enum Wilson {
    /// The 97.5 % quantile of the normal distribution: a two-sided interval of 95 %.
    public static let z95 = 1.959963984540054

    /// Lower and upper bound as fractions 0…1 for `successes` among `count`; nothing when `count` is 0.
    public static func interval(successes: Int, count: Int, z: Double = z95) -> ClosedRange<Double>? {
        precondition(successes >= 0 && successes <= count, "0 ≤ successes ≤ count")
        guard count > 0 else { return nil }
        let n = Double(count)
        let k = Double(successes)
        let square = z * z
        // Multiplied through by n, so that no difference of nearly equal fractions is taken.
        let centre = k + square / 2
        let spread = z * (k * (n - k) / n + square / 4).squareRoot()
        let lower = successes == 0 ? 0 : (centre - spread) / (n + square)
        let upper = successes == count ? 1 : (centre + spread) / (n + square)
        return max(0, lower)...min(1, upper)
    }
}
