import Glibc
import RealPrograms
import Torture

extension Hall {
    /// Item 6: starts that go wrong, each on the enrolled kiosk's own disk, one after the other.
    public func badStarts() throws {
        kiosk.cut()
        kiosk.drive = nil
        for (name, start) in [
            ("the clock in 1970", startIn1970), ("without input", startWithoutInput),
            ("without a screen", startWithoutScreen), ("with a full data partition", startFull),
            ("with a damaged data partition", startDamaged), ("on a small disk", startOnSmallDisk),
            ("with a data partition beyond repair", startBeyondRepair),
        ] {
            do {
                try start()
            } catch {
                throw ChildError("a start \(name): \(error)")
            }
            kiosk.cut()
            kiosk.parts = Emulator.Parts()
        }
    }

    /// The battery of the clock is empty. The order of ratings is their sequence, so nothing is missing.
    private func startIn1970() throws {
        kiosk.parts.clock = "1970-01-01T00:00:00"
        let (seconds, _) = try powerOn()
        for mark in [5, 1] { try visit(mark: mark, by: .touch) }
        try expectReport()
        say("the clock in 1970: the dialog came in \(Int(seconds)) s, two visits are in the report")
    }

    private func startWithoutInput() throws {
        kiosk.parts.hasInput = false
        let (seconds, _) = try powerOn(until: ["fault-2"])
        say("without input: fault 2 in \(Int(seconds)) s")
        try kiosk.plugPointer()
        try see("idle")
        try visit(mark: 3, by: .pointer)
        try expectReport()
        say("a panel was plugged in: the dialog opened, a visit is in the report")
    }

    /// Nobody can see anything, so nothing is asked; the collector must hear why.
    private func startWithoutScreen() throws {
        kiosk.parts.hasScreen = false
        let before = try listed().lastHeartbeat
        try kiosk.start()
        let began = ContinuousClock.now
        while began.duration(to: .now) < .seconds(Self.bootSeconds) {
            let line = try listed()
            if line.lastHeartbeat != before, line.marks.contains("no_display") {
                return say("without a screen: the collector lists the kiosk as \(line.marks.joined(separator: ","))")
            }
            guard !kiosk.hasEnded else { throw ChildError("the machine ended") }
            sleep(1)
        }
        throw ChildError("the collector did not hear of the missing screen within \(Int(Self.bootSeconds)) s")
    }

    private func data() throws -> DataPartition { try DataPartition(disk: kiosk.disk, log: kiosk.folder + "/data.log") }

    private func startFull() throws {
        let data = try data()
        try data.fill("filler", leaving: 64)
        let (seconds, _) = try powerOn(until: ["fault-3", "idle"])
        // The dialog may come first: the start's own records are what finds the disk full.
        sleep(15)
        let screen = try see("fault-3", "idle").name
        say("with \(data.length >> 20) MiB full: \(screen) in \(Int(seconds)) s")
        if screen == "idle" {
            try visit(mark: 2, by: .touch)
            try expectReport()
            say("a visit was thanked in the room that the kiosk keeps for itself, and is in the report")
        }
        kiosk.cut()
        try data.remove("filler")
        try powerOn()
        try visit(mark: 4, by: .touch)
        try expectReport()
        say("with room again: the dialog is back, a visit is in the report")
    }

    /// No room for a data partition, where a rating could be kept: nobody is asked.
    private func startOnSmallDisk() throws {
        try onAnotherKiosk(diskMiB: 1500) {
            let (seconds, _) = try powerOn(until: ["fault-D1"])
            say("on a disk of 1500 MiB: code D1 on the screen in \(Int(seconds)) s")
        }
    }

    /// Every copy of the superblock is gone. The kiosk must not make it anew: what is on it may be saved elsewhere.
    private func startBeyondRepair() throws {
        let data = try data()
        try data.spoil(from: 0, bytes: data.length)
        let (seconds, _) = try powerOn(until: ["fault-D2"])
        say("with noise all over the data partition: code D2 on the screen in \(Int(seconds)) s")
    }

    /// The beginning of the file system: its superblock, its list of groups, the first tables.
    private func startDamaged() throws {
        let data = try data()
        try data.check()
        try data.spoil(from: 0, bytes: 1 << 20)
        let (seconds, _) = try powerOn()
        say("with noise over the first MiB of the data partition: the dialog in \(Int(seconds)) s")
        try visit(mark: 5, by: .touch)
        try expectReport()
        say("repaired by itself: a visit is in the report, and nothing is lost")
    }
}
