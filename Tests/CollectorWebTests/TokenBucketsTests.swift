import Testing

@testable import CollectorWeb

@Suite struct TokenBucketsTests {
    @Test("A burst is taken at once; then one a second")
    func burst() {
        var buckets = TokenBuckets(perSecond: 1, burst: 10)
        for _ in 0..<10 { #expect(buckets.take("a", now: 0) == nil) }
        #expect(buckets.take("a", now: 0) == 1)
        #expect(buckets.take("a", now: 999) == 1)
        #expect(buckets.take("a", now: 1000) == nil)
        #expect(buckets.take("a", now: 1001) == 1)
        for _ in 0..<10 { #expect(buckets.take("a", now: 60_000) == nil) }
        #expect(buckets.take("a", now: 60_000) == 1)
    }

    @Test("One name's haste is not another's")
    func names() {
        var buckets = TokenBuckets(perSecond: 0.1, burst: 1)
        #expect(buckets.take("a", now: 0) == nil)
        #expect(buckets.take("a", now: 0) == 10)
        #expect(buckets.take("b", now: 0) == nil)
    }

    @Test("A clock that steps back gives nothing and takes nothing away")
    func back() {
        var buckets = TokenBuckets(perSecond: 1, burst: 1)
        #expect(buckets.take("a", now: 5000) == nil)
        #expect(buckets.take("a", now: 1000) == 1)
        #expect(buckets.take("a", now: 6000) == nil)
    }

    @Test("Strangers' names do not fill the memory: full buckets are forgotten first")
    func capacity() {
        var buckets = TokenBuckets(perSecond: 1, burst: 2, capacity: 100)
        for _ in 0..<2 { #expect(buckets.take("busy", now: 0) == nil) }
        for name in 0..<99 { #expect(buckets.take("\(name)", now: 0) == nil) }
        #expect(buckets.take("one more", now: 1500) == nil)
        #expect(buckets.take("busy", now: 1500) == nil)
        #expect(buckets.take("busy", now: 1500) == 1)
    }
}
