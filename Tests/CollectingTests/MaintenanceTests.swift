import Collecting
import FakeKiosk
import Foundation
import Ledger
import Ratings
import Testing
import Wire

@Suite struct MaintenanceTests {
    private let scene: Scene

    init() throws { scene = try Scene() }

    private func order(minutes: Int = 60, isSent: Bool = true) -> MaintenanceOrder {
        MaintenanceOrder(technician: "t-17", minutes: minutes, permissions: [.readStick], isSent: isSent)
    }

    private func orders(_ kiosk: inout FakeKiosk, opened: Int64? = nil, now: Int64) async throws -> [String] {
        let request = try kiosk.heartbeat(marks: [], unsent: 0, maintenance: opened)
        let permit = try await scene.collector.authorizeHeartbeat(request.head, kiosk: kiosk.id)
        return try await scene.collector.heartbeat(permit, body: request.body, now: now).orders
    }

    @Test func `a visit is ordered until the kiosk has opened it`() async throws {
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 5)
        #expect(try await orders(&kiosk, now: scene.now) == [])
        let note = try await scene.collector.visit(kiosk.id, order(), now: scene.now)
        for opened in [nil, note.number - 1] {
            #expect(try await orders(&kiosk, opened: opened, now: scene.now + 1) == [note.serialized])
        }
        let read = try MaintenanceNote(
            note.serialized, for: "hall-1", of: "collector.test", by: scene.collector.identity.key.publicKey)
        #expect(read.from == scene.now / 1000 && read.until - read.from == 3600)
        #expect(try await orders(&kiosk, opened: note.number, now: scene.now + 2) == [])
        #expect(try await orders(&kiosk, now: scene.now + 3) == [], "it is not told again")
        // The collector's clock goes back by a minute: the kiosk must still take the next note.
        let next = try await scene.collector.visit(kiosk.id, order(), now: scene.now - 60_000)
        #expect(next.number == note.number + 1)
        #expect(try await scene.collector.events(limit: 1).first?.kind == .maintenance)
    }

    @Test func `a visit that is over is ordered no more, and a newer one takes the place of one that waits`()
        async throws
    {
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 5)
        let first = try await scene.collector.visit(kiosk.id, order(), now: scene.now)
        let second = try await scene.collector.visit(kiosk.id, order(), now: scene.now)
        #expect(second.number > first.number, "two visits of one moment are two")
        #expect(try await orders(&kiosk, now: scene.now) == [second.serialized])
        #expect(try await orders(&kiosk, now: scene.now + 3_600_000) == [])
    }

    @Test func `a visit for a file is not ordered, and one that cannot be is refused`() async throws {
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 5)
        _ = try await scene.collector.visit(kiosk.id, order(isSent: false), now: scene.now)
        #expect(try await orders(&kiosk, now: scene.now) == [])
        for minutes in [0, 481] {
            await #expect(throws: CollectorError.self) {
                try await scene.collector.visit(kiosk.id, order(minutes: minutes), now: scene.now)
            }
        }
        let stranger = try #require(KioskID(rawValue: "hall-2"))
        await #expect(throws: CollectorError.self) {
            try await scene.collector.visit(stranger, order(), now: scene.now)
        }
        try await scene.collector.revokeKiosk(kiosk.id, reason: "", now: scene.now)
        await #expect(throws: CollectorError.self) {
            try await scene.collector.visit(kiosk.id, order(), now: scene.now)
        }
    }
}
