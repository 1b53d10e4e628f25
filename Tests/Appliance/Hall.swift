import Drawing
import Foundation
import Glibc
import RealPrograms

/// An emulated kiosk in a hall, its visitors, and a real collector that it reaches over its network card.
public final class Hall {
    /// How long a start may take: emulation on a busy machine is slow (`testbench.md`).
    static let bootSeconds = 300.0

    public let kiosk: Emulator
    public let region: SecureRegion
    public let album: Album
    private let screens: KnownScreens
    let say: (String) -> Void

    /// Makes the collector, adds the kiosk, and puts its enrolment file on the flashed disk.
    public init(image: String, place: Place, album: Album, say: @escaping (String) -> Void) throws {
        self.album = album
        self.say = say
        screens = try KnownScreens()
        // QEMU's user network shows the host's loopback as 10.0.2.2 (`make test-image` runs in a network namespace).
        region = try SecureRegion("region", hostNames: [Self.host], at: place)
        try region.start()
        kiosk = try Emulator(image: image, folder: place.subfolder("kiosk"))
        let ticket = try region.ticket("hall-1")
        try kiosk.put(
            """
            collector: https://\(Self.host):\(region.portNumber)
            code: \(ticket.code)
            pin: \(ticket.pin)

            """, as: Self.enrolment)
    }

    private static let host = "10.0.2.2"
    static let enrolment = "otsenka-enrol.yaml"

    // MARK: What is seen

    /// Waits until the panel shows one of these screens; keeps every new picture on the way.
    @discardableResult
    public func see(_ names: String..., withinSeconds seconds: Double = 60) throws -> KnownScreens.Known {
        let began = ContinuousClock.now
        while began.duration(to: .now) < .seconds(seconds) {
            let picture = try kiosk.picture()
            if let known = try screens.name(of: picture, among: names) {
                try album.keep(picture, known.name)
                return known
            }
            try album.keep(picture, "other")
            usleep(20_000)
        }
        throw ChildError(
            "none of \(names.joined(separator: ", ")) came within \(Int(seconds)) s; the last picture is in \(album.folder)"
        )
    }

    // MARK: What happens

    /// Power, and the dialog; gives the seconds between.
    @discardableResult
    public func powerOn(until names: [String] = ["idle"]) throws -> Double {
        let began = ContinuousClock.now
        try kiosk.start()
        while began.duration(to: .now) < .seconds(Self.bootSeconds) {
            let picture = try kiosk.picture()
            if let known = try screens.name(of: picture, among: names) {
                try album.keep(picture, known.name)
                return began.duration(to: .now) / .seconds(1)
            }
            try album.keep(picture, "start")
            usleep(50_000)
        }
        throw ChildError("the dialog did not come; the last picture is in \(album.folder)")
    }

    /// How a visitor presses.
    public enum Way: String, CaseIterable, Sendable { case touch, buttons, pointer }

    /// A whole visit: wakes the dialog, gives a mark, leaves.
    public func visit(mark: Int, by way: Way) throws {
        let idle = try see("idle")
        try press("start", of: idle, key: "\(mark)", by: way)
        let question = try see("question-1")
        try press("answer-\(mark)", of: question, key: "\(mark)", by: way)
        let next = try see("question-2")
        try press("finish", of: next, key: "ret", by: way)
        try see("thanks")
    }

    private func press(_ target: String, of screen: KnownScreens.Known, key: String, by way: Way) throws {
        let point = try screen.target(target)
        // A dialog that has just come takes no press for a moment, so that nobody answers by accident.
        usleep(600_000)
        switch way {
        case .touch: try kiosk.touch(x: point.x, y: point.y)
        case .pointer: try kiosk.click(x: point.x, y: point.y)
        case .buttons: try kiosk.press(key)
        }
    }

    /// Ratings that the collector counts, by its own report.
    public func counted() throws -> Int {
        struct Row: Decodable { var n: Int? }
        let printed = try Child.output(
            [
                region.program, "report", "ratings", "--dir", region.folder, "--by", "office", "--minimum", "1",
                "--json",
            ], log: region.folder + ".report")
        return try JSONDecoder().decode([Row].self, from: printed).reduce(0) { $0 + ($1.n ?? 0) }
    }

    /// Waits until the collector counts so many; `ChildError` if it counts more, or fewer after two minutes.
    public func expect(counted wanted: Int) throws {
        let began = ContinuousClock.now
        var found = -1
        while began.duration(to: .now) < .seconds(120) {
            found = try counted()
            if found >= wanted { break }
            usleep(500_000)
        }
        guard found == wanted else {
            throw ChildError("the report has \(found) ratings, and \(wanted) were thanked")
        }
    }
}

// MARK: The items of `make test-image`

extension Hall {
    /// Power to dialog, and enrolment by the file.
    public func enrol() throws {
        let seconds = try powerOn(until: ["not-enrolled", "idle"])
        say("power to the first screen in \(Int(seconds)) s of emulation")
        try see("idle", withinSeconds: 120)
        say("enrolled by the file on the boot partition")
        _ = try RealPrograms.wait(for: "the end of the enrolment file", log: kiosk.log) {
            try kiosk.has(Self.enrolment) ? nil : true
        }
    }

    /// Item 1: enrolment, ten visits each by touch, buttons and pointer, all in the report.
    public func firstDay() throws {
        try enrol()
        var visits = 0
        for way in Way.allCases {
            if way == .pointer {
                try kiosk.plugPointer()
                sleep(5)
            }
            for number in 0..<10 {
                try visit(mark: 1 + number % 5, by: way)
                visits += 1
            }
            say("\(visits) visits were thanked, the last ten by \(way.rawValue)")
        }
        try expect(counted: visits)
        say("the report has all \(visits), once")
    }
}
