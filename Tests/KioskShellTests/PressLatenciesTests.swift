import KioskControl
import Testing

@testable import KioskShell

struct PressLatenciesTests {
    @Test("Nothing is told before the first press")
    func empty() { #expect(PressLatencies().summary == nil) }

    @Test("The median and the slowest hundredth are told in microseconds")
    func summary() {
        var latencies = PressLatencies()
        for milliseconds in (1...100).shuffled() { latencies.add(nanoseconds: Int64(milliseconds) * 1_000_000) }
        #expect(latencies.summary == PressToFrame(count: 100, p50: 51_000, p99: 100_000))
    }

    @Test("Only the newest presses count")
    func ring() {
        var latencies = PressLatencies()
        latencies.add(nanoseconds: .max)
        for _ in 0..<PressLatencies.capacity { latencies.add(nanoseconds: 5000) }
        #expect(latencies.summary == PressToFrame(count: PressLatencies.capacity, p50: 5, p99: 5))
    }
}
