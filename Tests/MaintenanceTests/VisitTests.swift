import Foundation
import KioskControl
import RealPrograms
import Testing

/// A technician's visit over the real programs and sockets: collector, uplink, `run` and `maintain`.
@Suite struct VisitTests {
    @Test func theCollectorAllowsAVisitAndTheKioskIsServicedAndStartsAnew() throws {
        let hall = try MaintainedKiosk(online: true)
        let note = try hall.allow(["restart"])
        try hall.waitFor(["opened", "closed restart"])
        let _: Bool = try wait(for: hall) { hall.exists("restarted") }
        // As after the new start: the note is spent, whoever brings it again.
        try hall.crash()
        #expect(try hall.open(try hall.write(note, to: "again.txt")) == 77)
        #expect(try hall.text("open.log").contains("was opened here before"))
    }

    @Test func theVisitorBeforeTheScreenFinishesFirstAndNobodyElseIsAsked() throws {
        let hall = try MaintainedKiosk(online: false)
        let panel = try hall.panel()
        #expect(try hall.showDialog() == 0)
        _ = try hall.allow(["read-stick"], file: hall.kiosk.folder + "/visit.txt")
        #expect(try hall.open(hall.kiosk.folder + "/visit.txt") == 0)
        let last: WebPanel.Screen = try RealPrograms.wait(for: "the end of the dialog", log: hall.kiosk.log) {
            guard let screen = panel.screen() else { return nil }
            guard screen.screen == "question" else { return screen }
            let records = try hall.records()
            #expect(records == [])
            if let answer = screen.target("answer-5") ?? screen.targets.first { panel.press(answer) }
            return nil
        }
        #expect(last.screen == "thanks")
        try hall.waitFor(["opened"])
        #expect(panel.screen()?.screen == "closed")
        #expect(try hall.showDialog() == 77, "nobody is asked during the visit")
        #expect(try hall.end() == 0)
        try hall.waitFor(["opened", "closed"])
        try hall.waitForScreen("idle")
    }

    @Test func aHallWithoutANetworkGivesItsRatingsToAStickAndTakesReceiptsBack() throws {
        let hall = try MaintainedKiosk(online: false)
        try hall.formatStick()
        _ = try hall.allow(["read-stick", "write-stick"], file: hall.kiosk.folder + "/visit.txt")
        #expect(try hall.open(hall.kiosk.folder + "/visit.txt") == 0)
        try hall.waitForScreen("closed")
        try hall.plugIn()
        let _: Bool = try wait(for: hall) { (try? hall.onStick("otsenka").isEmpty) == false }
        try hall.pullOut()
        try hall.waitFor(["opened", "closed read-stick write-stick"])
        try hall.waitForScreen("idle")

        let carried = hall.kiosk.folder + "/carried"
        try FileManager.default.createDirectory(atPath: carried, withIntermediateDirectories: true)
        try tool(hall, ["mcopy", "-n", "-i", hall.stick, "::/otsenka/*", carried])
        _ = try hall.kiosk.region.command(["import", "batches", carried])
        for name in try FileManager.default.contentsOfDirectory(atPath: carried) where name.hasSuffix(".receipt") {
            try tool(hall, ["mcopy", "-n", "-i", hall.stick, "\(carried)/\(name)", "::/otsenka/\(name)"])
        }
        let before = try hall.kiosk.status()
        #expect(before.receipted == 0)
        _ = try hall.allow(["read-stick"], file: hall.kiosk.folder + "/second.txt")
        #expect(try hall.open(hall.kiosk.folder + "/second.txt") == 0)
        try hall.plugIn()
        let _: Bool = try wait(for: hall) { try hall.kiosk.status().receipted > 0 }
        try hall.pullOut()
        try hall.waitFor(["opened", "closed read-stick write-stick", "opened", "closed read-stick"])
        // Whatever was done, the stick was let go each time.
        let calls = try hall.text("stick.log").split(separator: "\n")
        #expect(calls.filter { $0 == "attach 1-2" }.count == 3 && calls.filter { $0 == "detach" }.count == 3)
    }

    @Test func maintainBelievesNobodyButTheCollector() throws {
        let hall = try MaintainedKiosk(online: false)
        let note = try hall.allow(["write-stick"], file: hall.kiosk.folder + "/visit.txt")
        guard case .refused(let reason) = try hall.ask(.restart, visit: note) else {
            throw ChildError("a verb that the note does not allow was carried out")
        }
        #expect(reason.contains("allows only write-stick"))
        for (old, new) in [("write-stick", "restart"), ("bench-k", "bench-j"), ("t-17", "t-18")] {
            guard case .refused = try hall.ask(.restart, visit: note.replacing(old, with: new)) else {
                throw ChildError("a note that nobody signed was believed")
            }
        }
        for port in ["../../dev/sda", "1", "1-2 x", "1-", "-2", "1-2.3.4.5.6.7.8.9", "1-2\n"] {
            guard case .refused(let reason) = try hall.ask(.writeStick(port: port), visit: note) else {
                throw ChildError("\(port) was taken for a port")
            }
            #expect(reason.contains("is no USB port"))
        }
        #expect(!hall.exists("restarted") && !hall.exists("stick.log"))
        // An older note counts no more once a newer one was seen, though it was never used.
        let second = try hall.allow(["restart"], file: hall.kiosk.folder + "/second.txt")
        #expect(try hall.ask(.restart, visit: second) == .done([]))
        guard case .refused(let why) = try hall.ask(.writeStick(port: "1-2"), visit: note) else {
            throw ChildError("an older note was believed")
        }
        #expect(why.contains("opened here before"))
    }

    @Test func aVisitThatACrashCutOffIsClosedOnRecord() throws {
        let hall = try MaintainedKiosk(online: false)
        _ = try hall.allow(["read-stick"], file: hall.kiosk.folder + "/visit.txt")
        #expect(try hall.open(hall.kiosk.folder + "/visit.txt") == 0)
        try hall.waitFor(["opened"])
        try hall.crash()
        try hall.waitFor(["opened", "closed"])
        #expect(try hall.open(hall.kiosk.folder + "/visit.txt") == 77)
        try hall.waitForScreen("idle")
    }

    @Test func aNoteOfAnotherCollectorIsRefused() throws {
        let hall = try MaintainedKiosk(online: false)
        let note = try hall.allow(["restart"])
        let forged = note.replacing("restart\n", with: "restart set-clock\n")
        #expect(try hall.open(try hall.write(forged, to: "forged.txt")) == 77)
        #expect(try hall.text("open.log").contains("not signed by the receipt key"))
        #expect(try hall.records() == [])
    }

    private func tool(_ hall: MaintainedKiosk, _ words: [String]) throws {
        _ = try Child.output(words, log: hall.kiosk.folder + "/tool.log")
    }

    private func wait(for hall: MaintainedKiosk, _ done: () throws -> Bool) throws -> Bool {
        try RealPrograms.wait(for: "the end of the visit", log: hall.kiosk.log) { try done() ? true : nil }
    }
}
