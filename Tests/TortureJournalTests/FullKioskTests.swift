import FoundationEssentials
import Glibc
import RealPrograms
import Testing
import Torture

@testable import TortureJournal

/// A kiosk whose disk is full says so instead of asking, and asks again when there is room.
@Suite struct FullKioskTests {
    @Test(.enabled(if: geteuid() == 0, "mounting a tmpfs needs root"))
    func itIsClosedWithoutEndingAndOpensByItself() throws {
        let place = try Place(under: "/var/tmp", programs: Place.ownFolder(), named: "otsenka-torture")
        defer { place.remove() }
        try FileManager.default.createDirectory(
            atPath: place.folder + "/full/data", withIntermediateDirectories: true)
        let disk = try SmallDisk(place.folder + "/full/data", bytes: 64 << 20, inodes: 200)
        let rig = try KioskRig("full", at: place)
        try disk.takeBytes()
        #expect(try rig.start())
        let pid = rig.pid
        _ = try wait(for: "the closed screen", log: rig.log) { rig.screen()?.screen == "closed" ? true : nil }
        #expect(!rig.press("start"))
        disk.giveBack()
        _ = try wait(for: "the idle screen", log: rig.log) { rig.screen()?.screen == "idle" ? true : nil }
        #expect(rig.pid == pid && !rig.hasEnded)
        #expect(rig.end() == 0)
    }
}
