import Testing

@testable import CollectorWeb

@Suite struct ConnectionPhaseTests {
    private enum Event { case connected, bytes, head, end, answered }

    private func timings(_ events: [Event]) -> [ConnectionPhase.Timing] {
        var phase = ConnectionPhase()
        return events.map { event in
            switch event {
            case .connected: phase.connected()
            case .bytes: phase.bytes()
            case .head: phase.head()
            case .end: phase.end()
            case .answered: phase.answered()
            }
        }
    }

    @Test func `a head is timed from the connection, and its first byte does not begin it anew`() {
        #expect(timings([.connected, .bytes, .bytes, .head]) == [.timeHead, .leave, .leave, .stop])
    }

    @Test func `on a kept connection a head is timed from its first byte`() {
        #expect(
            timings([.connected, .head, .end, .answered, .bytes, .bytes])
                == [.timeHead, .stop, .leave, .leave, .timeHead, .leave])
    }

    @Test func `a body and the work on it are not timed here`() {
        #expect(timings([.connected, .head, .bytes, .end, .bytes]) == [.timeHead, .stop, .leave, .leave, .leave])
    }

    @Test func `the rest of a body whose answer is out is timed until its end`() {
        #expect(
            timings([.connected, .head, .answered, .bytes, .end, .bytes])
                == [.timeHead, .stop, .timeRest, .leave, .stop, .timeHead])
    }
}
