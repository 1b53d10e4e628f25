import Foundation
import Glibc
import RealPrograms
import Torture

extension Hall {
    /// Item 5: nothing that a visitor can press or plug in does anything: no pixel, no restart, no record.
    public func noWayOut() throws {
        try see("idle")
        try drain()
        let claimed = try listed().claimed
        try expectIdle(after: Chords.ways + Chords.single.map { [$0] }, "chords")
        try expectIdle(after: Chords.floods, "presses of the locks")
        try expectIdle(after: Chords.modified, "keys with modifiers")
        for _ in 0..<3 {
            try kiosk.pressPowerButton()
            try expectIdle(seconds: 5, after: "the power button")
        }
        say("the power button was pressed three times: the dialog stands")
        try plugIntruders()
        // What a crash would do comes ten seconds after it (`panic=10`).
        try expectIdle(seconds: 15, after: "all of it")
        try drain()
        let now = try listed().claimed
        guard now == claimed else {
            throw ChildError("the journal grew by \(now - claimed) records while nobody rated: a restart or a visit")
        }
        say("the journal has grown by nothing: no visit, no restart")
        try pressTheBox()
        try layHands()
    }

    /// Presses them all, and looks at the panel after each.
    private func expectIdle(after chords: [[String]], _ what: String) throws {
        for chord in chords {
            try kiosk.chord(chord)
            try expectIdle(seconds: 0, after: chord.joined(separator: "-"))
        }
        try expectIdle(seconds: 3, after: what)
        say("\(chords.count) \(what): not a pixel has changed")
    }

    /// So long, and at least once.
    func expectIdle(seconds: Double, after what: String) throws {
        let began = ContinuousClock.now
        repeat {
            let picture = try kiosk.picture()
            guard try screens.name(of: picture, among: ["idle"]) != nil else {
                try album.keep(picture, "foreign")
                throw ChildError("the panel changed after \(what); the last picture is in \(album.folder)")
            }
            usleep(Self.lookMicroseconds)
        } while began.duration(to: .now) < .seconds(seconds)
    }

    /// Each of the intruders once.
    private func plugIntruders() throws {
        let intruders = try Intruders(kiosk)
        for intruder in Intruders.all {
            try intruders.plug(intruder)
            try expectIdle(seconds: 5, after: "\(intruder) was plugged in")
            if intruder.types { try typeOnForeignKeyboard() }
            try intruders.unplug(intruder)
            try expectIdle(seconds: 2, after: "\(intruder) was pulled out")
        }
        say("\(Intruders.all.map(\.description).joined(separator: ", ")) came and went: nothing happened")
    }

    func typeOnForeignKeyboard() throws {
        for key in ["1", "ret", "5", "esc", "f1"] {
            try kiosk.press(key)
            try expectIdle(seconds: 1, after: "\(key) on a foreign keyboard")
        }
    }

    /// Ten fingers in the corners and along the edges, for a minute: what they may do is wake the dialog.
    private func layHands() throws {
        let (right, bottom) = (Emulator.width - 1, Emulator.height - 1)
        let edges =
            [(0, 0), (right, 0), (0, bottom), (right, bottom)]
            + (1...3).flatMap { [(right * $0 / 4, 0), (0, bottom * $0 / 4)] }
        try kiosk.lay(fingersAt: edges, seconds: 60)
        try see("idle")
        try visit(mark: 2, by: .touch)
        say(
            "ten fingers lay in the corners and along the edges for a minute: no mark came of it, and the dialog is back"
        )
        try expectReport()
    }

    /// Keys that the box has do what they do there, whatever else is held.
    private func pressTheBox() throws {
        for chord in Chords.ofTheBox {
            for mark in chord.compactMap({ Int($0) }) { said.append(Said(mark: mark, isThanked: false)) }
            try kiosk.chord(chord)
            usleep(200_000)
        }
        try see("idle")
        try visit(mark: 4, by: .buttons)
        say(
            "keys of the box, with others held: the dialog answered them, and is back; a visitor was thanked afterwards"
        )
    }
}
