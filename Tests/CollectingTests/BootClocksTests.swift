import Testing
import Wire

@testable import Collecting

@Suite struct BootClocksTests {
    private static func clocks(
        _ moments: [(Int, Int64)], now: KioskClock, received: Int64, floor: Int64, contacts: [Int: (Int64, Int64)] = [:]
    ) -> BootClocks {
        BootClocks(
            of: moments.map { BootClocks.Moment(boot: $0.0, bootMilliseconds: $0.1) }, now: now, received: received,
            floor: floor
        ) { boot in contacts[boot].map { BootContact(boot: boot, bootMilliseconds: $0.0, received: $0.1) } }
    }

    @Test func `the sending boot is placed exactly`() {
        let clocks = Self.clocks(
            [(5, 100), (5, 900)], now: KioskClock(boot: 5, bootMilliseconds: 1000), received: 50_000, floor: 0)
        #expect(clocks.text == "5=49000")
        let placed = clocks.placed(BootClocks.Moment(boot: 5, bootMilliseconds: 900), received: 50_000)
        #expect(placed == BootClocks.Placed(time: 49_900, uncertainty: 0))
    }

    @Test func `a boot that never met the collector lies between its neighbours`() {
        let clocks = Self.clocks(
            [(4, 200), (4, 700), (5, 10)], now: KioskClock(boot: 5, bootMilliseconds: 1000), received: 50_000,
            floor: 40_000)
        // Not before the floor with its first record, not after boot 5 with its last one.
        #expect(clocks.text == "4=39800..48300;5=49000")
        let placed = clocks.placed(BootClocks.Moment(boot: 4, bootMilliseconds: 200), received: 50_000)
        #expect(placed == BootClocks.Placed(time: 44_250, uncertainty: 4250))
        #expect(clocks.floor(BootClocks.Moment(boot: 4, bootMilliseconds: 700), received: 50_000) == 40_500)
    }

    @Test func `a start of the program alone does not begin the boot clock anew`() {
        // Killed at 900 and started again, in one run of the machine; the second start met the collector.
        let clocks = Self.clocks(
            [(4, 200), (4, 900), (5, 950)], now: KioskClock(boot: 5, bootMilliseconds: 1000), received: 50_000,
            floor: 49_100)
        #expect(clocks.text == "4=48900..49000;5=49000")
    }

    @Test func `boots that follow one another unseen push their bounds apart`() {
        let clocks = Self.clocks(
            [(2, 0), (2, 1000), (3, 0), (3, 2000)], now: KioskClock(boot: 4, bootMilliseconds: 5000), received: 100_000,
            floor: 50_000)
        // Boot 3 may still run as boot 4, so only boot 2 is known to have ended before.
        #expect(clocks.text == "2=50000..94000;3=51000..95000")
    }

    @Test func `an earlier boot that met the collector is placed exactly`() {
        let clocks = Self.clocks(
            [(4, 700)], now: KioskClock(boot: 5, bootMilliseconds: 1000), received: 50_000, floor: 0,
            contacts: [4: (600, 30_600)])
        #expect(clocks.text == "4=30000")
    }

    @Test(arguments: [Int64.min, -1, 0, Int64.max])
    func `no boot time overflows or lies after its arrival`(_ milliseconds: Int64) throws {
        let clocks = Self.clocks(
            [(1, milliseconds), (2, milliseconds)], now: KioskClock(boot: 2, bootMilliseconds: 999_999_999_999_999),
            received: 1_763_800_000_000, floor: 1_763_700_000_000)
        for boot in [1, 2] {
            let placed = try #require(
                clocks.placed(
                    BootClocks.Moment(boot: boot, bootMilliseconds: milliseconds), received: 1_763_800_000_000))
            #expect(placed.time <= 1_763_800_000_000)
            #expect(placed.uncertainty >= 0)
        }
        #expect(BootClocks(text: clocks.text) == clocks)
    }

    @Test(arguments: ["", "1", "1=", "=1", "1=2..", "1=2...3", "1=2.3", "1=2;", "1=x", "1=5..5", " 1=2", "1=2..3..4"])
    func `a text that is not what is written is refused`(_ text: String) {
        #expect(BootClocks(text: text) == nil)
    }
}
