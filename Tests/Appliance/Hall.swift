import Drawing
import Foundation
import Glibc
import RealPrograms
import Torture
import TortureUplink

/// A thanks that did not wait for the drive.
struct EarlyThanks: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// An emulated kiosk in a hall, its visitors, and a real collector that it reaches over its network card.
public final class Hall {
    /// How long a start may take: emulation on a busy machine is slow (`testbench.md`).
    static let bootSeconds = 1800.0
    /// How long a screen may take to come that follows another one.
    public static let screenSeconds = 600.0
    /// How long a press may take to be seen; then it is given again.
    private static let answerSeconds = 6.0
    /// Between two looks at the panel: QEMU's guest stands still while it makes a picture.
    static let lookMicroseconds: UInt32 = 100_000
    /// Nobody presses anything during a start.
    private static let startLookMicroseconds: UInt32 = 500_000

    public private(set) var kiosk: Emulator
    public let region: SecureRegion
    public let album: Album
    /// What every visitor did so far; the report must hold it.
    public internal(set) var said: [Said] = []
    /// Whether a press must lead to a flush of a drive that tells of its orders; not for a subject that is wrong on purpose.
    var demandsFlushes = true
    /// Between the emulated network card and the collector: somebody cuts the power while the kiosk speaks.
    let line: Relay
    private let (image, pace): (String, Emulator.Pace)
    let screens: KnownScreens
    let say: (String) -> Void

    /// Makes the collector, adds the kiosk, and puts its enrolment file on the flashed disk. With `tellsJournal` slot A writes its
    /// journal to the serial line, `serial.log` in the kiosk's folder.
    public init(
        image: String, place: Place, album: Album, pace: Emulator.Pace, tellsJournal: Bool = false,
        say: @escaping (String) -> Void
    ) throws {
        self.album = album
        self.say = say
        (self.image, self.pace) = (image, pace)
        screens = try KnownScreens()
        // QEMU's user network shows the host's loopback as 10.0.2.2 (`make test-image` runs in a network namespace).
        region = try SecureRegion("region", hostNames: [Self.host], at: place)
        try region.start()
        line = try Relay(to: region.portNumber)
        kiosk = try Emulator(image: image, folder: place.subfolder("kiosk"), pace: pace)
        if tellsJournal { try Probe.tellJournal(of: kiosk) }
        let ticket = try region.ticket(Self.kioskName)
        try kiosk.put(
            """
            collector: https://\(Self.host):\(line.port)
            code: \(ticket.code)
            pin: \(ticket.pin)

            """, as: Self.enrolment)
    }

    /// What pictures of a start are called.
    private static let start = "start"
    private static let host = "10.0.2.2"
    static let kioskName = "hall-1"
    static let enrolment = "otsenka-enrol.yaml"

    // MARK: What is seen

    /// Waits until the panel shows one of these screens; keeps every new picture on the way.
    @discardableResult
    public func see(_ names: String..., withinSeconds seconds: Double = Hall.screenSeconds) throws -> KnownScreens.Known
    {
        try see(names, withinSeconds: seconds, otherwise: "other", unless: Self.failures)
    }

    /// What a kiosk shows whose store has failed, or did not answer in time: nothing else is worth waiting for.
    private static let failures = ["not-recorded", "fault-1"]

    func see(
        _ names: [String], withinSeconds seconds: Double, otherwise: String, unless failures: [String] = []
    ) throws -> KnownScreens.Known {
        let began = ContinuousClock.now
        while began.duration(to: .now) < .seconds(seconds) {
            let picture = try kiosk.picture()
            if let known = try screens.name(of: picture, among: names) {
                try album.keep(picture, known.name)
                return known
            }
            try album.keep(picture, otherwise)
            if let failed = try screens.name(of: picture, among: failures) {
                throw ChildError(
                    "\(failed.name) came in place of \(names.joined(separator: ", ")): the kiosk's store failed, or was silent for "
                        + "five seconds, as it may be on a host with more guests than processors (PACE=instructions)")
            }
            usleep(otherwise == Self.start ? Self.startLookMicroseconds : Self.lookMicroseconds)
        }
        throw ChildError(
            "none of \(names.joined(separator: ", ")) came within \(Int(seconds)) s; the last picture is in \(album.folder)"
        )
    }

    /// Another kiosk of the same image, on a disk of so many MiB; what is seen is it until it is given back.
    func onAnotherKiosk(diskMiB: Int, _ body: () throws -> Void) throws {
        let own = kiosk
        kiosk = try Emulator(image: image, folder: own.folder + "/another", pace: pace, diskMiB: diskMiB)
        defer {
            kiosk.cut()
            kiosk = own
        }
        try body()
    }

    // MARK: What happens

    /// Power, and one of these screens; gives the seconds between and which it was.
    @discardableResult
    public func powerOn(until names: [String] = ["idle"]) throws -> (seconds: Double, screen: String) {
        let began = ContinuousClock.now
        try kiosk.start()
        let known = try see(names, withinSeconds: Self.bootSeconds, otherwise: Self.start)
        return (began.duration(to: .now) / .seconds(1), known.name)
    }

    /// Power for the first time: enrolment by the file on the boot partition, to the end of the file.
    public func firstStart() throws {
        let (seconds, _) = try powerOn(until: ["not-enrolled", "idle"])
        say("power to the first screen in \(Int(seconds)) s of emulation")
        try see("idle", withinSeconds: Self.bootSeconds)
        let began = ContinuousClock.now
        while try kiosk.has(Self.enrolment) {
            guard began.duration(to: .now) < .seconds(Self.screenSeconds) else {
                throw ChildError("the kiosk is enrolled, and the enrolment file is still on its boot partition")
            }
            sleep(1)
        }
        say("enrolled by the file on the boot partition; the file is gone")
    }

    /// How a visitor presses.
    public enum Way: String, CaseIterable, Sendable { case touch, buttons, pointer }

    /// A whole visit: wakes the dialog, gives a mark, leaves.
    public func visit(mark: Int, by way: Way) throws {
        let idle = try see("idle")
        try press("start", of: idle, key: "\(mark)", by: way)
        let question = try see("question-1")
        said.append(Said(mark: mark, isThanked: false))
        let next = try flushed(before: "question-2") {
            try press("answer-\(mark)", of: question, key: "\(mark)", by: way)
        }
        // A durable answer is acknowledged by the next screen; that is the thanks of the guarantees.
        said[said.count - 1].isThanked = true
        // «Готово» adds no answer: what is thanked for is on the drive already.
        try press("finish", of: next, key: "ret", by: way)
        try see("thanks")
    }

    /// Waits until a press has led to a screen; with a drive that tells of its orders, the drive must have been told to keep
    /// something meanwhile.
    @discardableResult
    private func flushed(before screen: String, _ press: () throws -> Void) throws -> KnownScreens.Known {
        guard demandsFlushes, let drive = kiosk.drive else {
            try press()
            return try see(screen)
        }
        let orders = try drive.orders()
        try press()
        let seen = try see(screen)
        guard try drive.hasFlushed(since: orders) else {
            throw EarlyThanks("the screen \(screen) was shown, and nothing was written and flushed since the press")
        }
        return seen
    }

    /// Presses until the panel shows something else. A dialog that has just come takes no press for a moment, so that nobody
    /// answers by accident; and the guest's moments are not ours.
    func press(_ target: String, of screen: KnownScreens.Known, key: String, by way: Way) throws {
        let point = try screen.target(target)
        let began = ContinuousClock.now
        while began.duration(to: .now) < .seconds(Self.screenSeconds) {
            usleep(600_000)
            switch way {
            case .touch: try kiosk.touch(x: point.x, y: point.y)
            case .pointer: try kiosk.click(x: point.x, y: point.y)
            case .buttons: try kiosk.press(key)
            }
            let pressed = ContinuousClock.now
            while pressed.duration(to: .now) < .seconds(Self.answerSeconds) {
                if try screens.name(of: kiosk.picture(), among: [screen.name]) == nil { return }
                usleep(Self.lookMicroseconds)
            }
        }
        throw ChildError("\(screen.name) did not answer to \(target) for \(Int(Self.screenSeconds)) s")
    }
}
