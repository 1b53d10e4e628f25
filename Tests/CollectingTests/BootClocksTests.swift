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

    /// Contacts tell (boot_ms, received); the boot started at 10 000 000 on the collector's clock.
    @Test(arguments: [
        (
            "quicker than the contact before", Int64(2_000), Int64(10_002_000), (Int64(1_000), Int64(10_001_500)),
            10_000_000
        ),
        ("a minute on a slow line", 600_000, 10_660_000, (0, 10_000_000), 10_000_060),
        ("as late as crystals differ", 600_000, 10_600_050, (0, 10_000_000), 10_000_050),
        ("a late repeat of an older request", 1_000, 99_000_000, (600_000, 10_600_000), 10_000_000),
        ("the collector's clock was set forward", 600_000, 14_200_000, (0, 10_000_000), 13_600_000),
        ("the collector's clock was set back", 600_000, 7_000_000, (0, 10_000_000), 6_400_000),
    ])
    func `delay on the way is taken off by an earlier contact`(
        _ name: String, milliseconds: Int64, received: Int64, contact: (Int64, Int64), start: Int64
    ) {
        let clocks = Self.clocks(
            [(5, 0)], now: KioskClock(boot: 5, bootMilliseconds: milliseconds), received: received, floor: 0,
            contacts: [5: contact])
        #expect(clocks.text == "5=\(start)")
    }

    /// A floor that is as late as the next boot, because the contact before it was slow.
    @Test func `a boot that never met the collector is never certain`() throws {
        let clocks = Self.clocks(
            [(4, 700), (5, 10)], now: KioskClock(boot: 5, bootMilliseconds: 1000), received: 50_000, floor: 49_999)
        #expect(clocks.text == "4=48299..48300;5=49000")
        let placed = try #require(clocks.placed(BootClocks.Moment(boot: 4, bootMilliseconds: 700), received: 50_000))
        #expect(placed.uncertainty > 0)
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

    @Test func `a batch of which no record tells its moment has no clocks, and is read again`() {
        let clocks = Self.clocks([], now: KioskClock(boot: 5, bootMilliseconds: 1000), received: 50_000, floor: 0)
        #expect(BootClocks(text: clocks.text) == clocks)
    }

    @Test(arguments: [";", "1", "1=", "=1", "1=2..", "1=2...3", "1=2.3", "1=2;", "1=x", "1=5..5", " 1=2", "1=2..3..4"])
    func `a text that is not what is written is refused`(_ text: String) {
        #expect(BootClocks(text: text) == nil)
    }
}
