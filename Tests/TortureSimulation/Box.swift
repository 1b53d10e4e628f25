import Dialog
import FoundationEssentials
import Glibc
import KioskControl
import Ledger
import Ratings

/// One machine in a hall: power, clocks, a disk, and the programs `run` and `uplink` while they live.
final class Box {
    enum DiskTrouble { case none, failing, full, slow }

    unowned let world: World
    let index: Int
    let kiosk: KioskID
    var disk: Disk
    /// A copy of another machine's card; a technician takes it away in the end.
    var isClone = false

    private(set) var isOn = false
    /// Grows with every start and end, so that what was planned for a program that is gone comes to nothing.
    private(set) var power = 0
    var run: RunProgram?
    var uplink: UplinkRun?
    var diskTrouble = DiskTrouble.none
    var isPartitioned = false
    /// `/run`: survives a program, not the power.
    var failedAnswer: FailedAnswer?
    /// Older copies of the card, as somebody may have kept them.
    var copies: [Card] = []
    /// What the collector said that a person should know of.
    var verdicts: Set<String> = []

    /// When CLOCK_BOOTTIME was 0, by the true clock.
    private var bootedAt: Int64 = 0
    /// How far the wall clock is from the true one, milliseconds.
    private(set) var wallOffset: Int64 = 0
    private(set) var isSynchronised = false
    /// A battery keeps the wall clock through a power cut.
    private let hasBattery: Bool

    init(world: World, index: Int, kiosk: KioskID, card: Card) {
        self.world = world
        self.index = index
        self.kiosk = kiosk
        disk = Disk(card)
        hasBattery = world.draw(2) == 0
    }

    var genesis: Genesis? { disk.written.store?.epochs.last?.enrolment.genesis }
    var name: String { "\(kiosk)\(isClone ? "'" : "")" }

    func tell(_ what: String) { world.tell("\(name) \(what)") }

    // MARK: Power

    func powerOn() {
        guard !isOn else { return }
        isOn = true
        power += 1
        bootedAt = world.now
        if !hasBattery {
            wallOffset = -world.now
            isSynchronised = false
        }
        tell("is powered")
        startRun(after: 2_000)
        startUplink(after: 3_000)
    }

    /// The plug is pulled: what was not synchronised is gone.
    func powerOff() {
        guard isOn else { return }
        tell("loses power")
        run?.interrupt()
        endPrograms()
        disk.losePower()
        isOn = false
        power += 1
        if let failedAnswer { world.oracle.forget(failedAnswer.session) }
        failedAnswer = nil
    }

    func startRun(after milliseconds: Int64) {
        let power = power
        world.plan(after: milliseconds) { [unowned self] in
            guard isOn, self.power == power, run == nil else { return }
            do {
                run = try RunProgram(box: self)
                run?.begin()
            } catch {
                tell("cannot open its journal: \(error)")
                startRun(after: 5_000)
            }
        }
    }

    /// SIGKILL, or an end by itself; systemd starts it again.
    func endRun(after milliseconds: Int64 = 1_000) {
        guard run != nil else { return }
        run = nil
        uplink?.runWentAway()
        startRun(after: milliseconds)
    }

    func startUplink(after milliseconds: Int64) {
        let power = power
        world.plan(after: milliseconds) { [unowned self] in
            guard isOn, self.power == power, uplink == nil else { return }
            uplink = UplinkRun(box: self)
            uplink?.begin()
        }
    }

    func endUplink() {
        uplink = nil
        startUplink(after: 1_000)
    }

    private func endPrograms() {
        run = nil
        uplink = nil
    }

    // MARK: Clocks

    var bootMilliseconds: Int64 { max(0, world.now - bootedAt) }
    var wall: Int64 { world.now + wallOffset }

    func time(boot: Int) -> KioskTime {
        let state: ClockState = wall < 1_795_305_600_000 ? .unset : isSynchronised ? .synced : .free
        return KioskTime(boot: boot, bootMilliseconds: bootMilliseconds, wall: Self.text(wall), clock: state)
    }

    /// Somebody sets the wall clock.
    func setClock(offset: Int64, synchronised: Bool) {
        let old = Self.text(wall)
        wallOffset = offset
        isSynchronised = synchronised
        tell("now believes that it is \(Self.text(wall))")
        run?.clockChanged(from: old, to: Self.text(wall))
    }

    /// RFC 3339 in UTC with milliseconds.
    static func text(_ milliseconds: Int64) -> String {
        var seconds = Int(milliseconds >= 0 ? milliseconds / 1000 : 0)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func digits(_ value: Int32, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return digits(parts.tm_year + 1900, 4) + "-" + digits(parts.tm_mon + 1, 2) + "-" + digits(parts.tm_mday, 2)
            + "T" + digits(parts.tm_hour, 2) + ":" + digits(parts.tm_min, 2) + ":" + digits(parts.tm_sec, 2) + "."
            + digits(Int32(max(0, milliseconds) % 1000), 3) + "Z"
    }
}
