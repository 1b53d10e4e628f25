import Ratings
import Testing

@testable import KioskShell

@Suite struct ClockWatchTests {
    @Test(arguments: [
        ("nobody sets it", [Int64(0), 0, 0], 0), ("a second is tolerated", [1_000, 1_000, 1_000], 0),
        ("a step forward", [1_001, 1_001, 1_001], 1), ("a step back", [0, -1_001, -1_001], 1),
        ("ten years there and back", [315_360_000_000, 0, 0], 2), ("there and back unseen", [0, 0, 0], 0),
        ("small steps add up", [700, 1_400, 2_100], 1), ("small steps that cancel out", [700, 0, 700], 0),
        ("small steps add up backwards", [-700, -1_400, -2_801], 2),
    ])
    func `steps are put on record once`(_ name: String, offsets: [Int64], records: Int) {
        var watch = ClockWatch(offset: 0, wall: "start")
        let changes = offsets.enumerated().compactMap { watch.look(offset: $1, wall: "look \($0)") }
        #expect(changes.count == records)
    }

    @Test func `the record tells the clock of the look before and of this one`() {
        var watch = ClockWatch(offset: 0, wall: "a")
        #expect(watch.look(offset: 10, wall: "b") == nil)
        #expect(watch.look(offset: 60_000, wall: "c") == ClockChange(old: "b", new: "c"))
    }

    @Test(arguments: [
        ("1970-01-01T00:01:40.000Z", true, ClockState.unset), ("2026-11-21T23:59:59.999Z", true, .unset),
        ("2026-11-22T00:00:00.000Z", true, .synced), ("2036-11-22T00:00:00.000Z", false, .free),
    ])
    func `a clock before the release is never believed`(_ wall: String, isSynchronised: Bool, state: ClockState) {
        #expect(WallClock.state(of: wall, isSynchronised: isSynchronised) == state)
    }
}
