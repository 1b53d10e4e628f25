/// How often each caller may ask: a token bucket for each name, as a value.
///
/// Constraints: names may come from strangers, so their number is limited; a bucket that is full again is as good as none
/// and is forgotten first. Operations: `take`, `wait`.
struct TokenBuckets: Sendable {
    /// Tokens a second.
    let rate: Double
    /// The most that a bucket holds.
    let burst: Double
    /// The most names that are remembered.
    let capacity: Int

    private var buckets: [String: Bucket] = [:]

    private struct Bucket {
        var tokens: Double
        /// Monotonic milliseconds.
        var at: Int64
    }

    init(perSecond rate: Double, burst: Int, capacity: Int = 20_000) {
        precondition(rate > 0 && burst > 0 && capacity > 0, "a bucket that never fills refuses everybody")
        self.rate = rate
        self.burst = Double(burst)
        self.capacity = capacity
    }

    /// Takes one token of `name` at monotonic `now`; else says after how many seconds, at least 1, there will be one.
    mutating func take(_ name: String, now: Int64) -> Int? {
        if buckets[name] == nil, buckets.count >= capacity { forgetFull(now) }
        var bucket = buckets[name] ?? Bucket(tokens: burst, at: now)
        bucket.tokens = tokens(of: bucket, now)
        bucket.at = max(bucket.at, now)
        defer { buckets[name] = bucket }
        guard bucket.tokens >= 1 else { return seconds(until: bucket.tokens) }
        bucket.tokens -= 1
        return nil
    }

    /// Whether `take` would say so now: after how many seconds there will be a token.
    func wait(of name: String, now: Int64) -> Int? {
        guard let bucket = buckets[name] else { return nil }
        let tokens = tokens(of: bucket, now)
        return tokens >= 1 ? nil : seconds(until: tokens)
    }

    private func seconds(until tokens: Double) -> Int { max(1, Int(((1 - tokens) / rate).rounded(.up))) }

    private func tokens(of bucket: Bucket, _ now: Int64) -> Double {
        min(burst, bucket.tokens + Double(max(0, now - bucket.at)) / 1000 * rate)
    }

    /// Forgets the buckets that are full again; if that frees nothing, all of them, which errs towards letting in.
    private mutating func forgetFull(_ now: Int64) {
        buckets = buckets.filter { tokens(of: $0.value, now) < burst }
        if buckets.count >= capacity { buckets = [:] }
    }
}
