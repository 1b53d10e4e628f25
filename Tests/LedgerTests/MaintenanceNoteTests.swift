import Foundation
import Ledger
import Testing

@Suite struct MaintenanceNoteTests {
    private let key = SigningKey()
    private static let start: Int64 = 1_800_000_000

    private func note(
        kiosk: String = "hall-1", technician: String = "t-17", minutes: Int64 = 60,
        permissions: [MaintenancePermission] = [.restart, .readStick]
    ) throws -> MaintenanceNote {
        try MaintenanceNote(
            kiosk: kiosk, number: Self.start * 1000, technician: technician, from: Self.start,
            until: Self.start + minutes * 60, permissions: permissions, signedAs: "region.example", with: key)
    }

    private func read(
        _ text: String, kiosk: String = "hall-1", by key: PublicKey? = nil
    ) throws(MaintenanceRefusal) -> MaintenanceNote {
        try MaintenanceNote(text, for: kiosk, of: "region.example", by: key ?? self.key.publicKey)
    }

    @Test func whatWasSignedIsWhatIsRead() throws {
        let made = try note()
        #expect(try read(made.serialized) == made)
        #expect(made.permissions == [.readStick, .restart])
        #expect(
            made.serialized.hasPrefix(
                "otsenka/maintenance/hall-1\n1800000000000\nt-17\n1800000000\n1800003600\nread-stick restart\n\n— region"
            ))
    }

    @Test func anotherKeyAnotherKioskAndAChangedWordAreRefused() throws {
        let text = try note().serialized
        #expect(throws: MaintenanceRefusal.unsigned("region.example")) { try read(text, by: SigningKey().publicKey) }
        #expect(throws: MaintenanceRefusal.otherKiosk("hall-1")) { try read(text, kiosk: "hall-2") }
        for (old, new) in [("read-stick", "set-clock"), ("1800003600", "1800003601"), ("t-17", "t-18")] {
            #expect(throws: MaintenanceRefusal.unsigned("region.example")) {
                try read(text.replacing(old, with: new))
            }
        }
        #expect(throws: MaintenanceRefusal.malformed) { try read(text + "\n") }
        #expect(throws: MaintenanceRefusal.malformed) { try read("") }
    }

    /// Rightly signed by the collector, and still none: another note of its, or one that a later release may make.
    @Test(arguments: [
        "otsenka/time\nhall-1\nAAAA\n1800000000\n",
        "otsenka/maintenance/hall-1\n1800000000000\nt-17\n1800000000\n1800003600\nread-stick restart\nmore\n",
        "otsenka/maintenance/hall-1\n1800000000000\nt-17\n1800000000\n1800003600\nrestart read-stick\n",
        "otsenka/maintenance/hall-1\n1800000000000\nt-17\n1800000000\n1800003600\nread-stick run-command\n",
        "otsenka/maintenance/hall-1\n1800000000000\nt-17\n1800000000\n1800003600\n\n",
        "otsenka/maintenance/hall-1\n1800000000000\nt-17\n1800000000\n1800028801\nrestart\n",
        "otsenka/maintenance/hall-1\n1800000000000\nt-17\n1800000000\n1800000000\nrestart\n",
        "otsenka/maintenance/hall-1\n+1800000000000\nt-17\n1800000000\n1800003600\nrestart\n",
        "otsenka/maintenance/hall-1\n0\nt-17\n1800000000\n1800003600\nrestart\n",
    ]) func whatIsSignedAndIsNoVisitIsRefused(text: String) throws {
        var note = SignedNote(text: text)
        try note.sign(as: "region.example", with: key)
        #expect(throws: MaintenanceRefusal.malformed) { try read(note.serialized) }
    }

    @Test func noVisitIsMadeThatCouldNotBeRead() {
        for technician in ["", String(repeating: "x", count: 65), "a\nb"] {
            #expect(throws: MaintenanceRefusal.malformed) { try note(technician: technician) }
        }
        for minutes in [0, 481] as [Int64] {
            #expect(throws: MaintenanceRefusal.malformed) { try note(minutes: minutes) }
        }
        #expect(throws: MaintenanceRefusal.malformed) { try note(permissions: []) }
    }

    /// How long a visit of an hour may go on, by what the kiosk knows of the time; nothing where it is refused.
    @Test(
        arguments: [
            // seconds after the note was made, who says so, what is certainly over, seconds left
            (0, MaintenanceClock.Trust.proved, 0, 3600), (600, .synced, 0, 3000), (-299, .synced, 0, 3600),
            (-301, .synced, 0, nil), (3600, .synced, 0, nil), (-301, .proved, 0, nil), (3601, .proved, 0, nil),
            // A clock of which nobody knows and that is behind is wrong for certain.
            (-1_800_000_000, .unvouched, 0, 3600), (600, .unvouched, 0, 3000), (3600, .unvouched, 0, nil),
            // A receipt of the collector is newer: the note is too old, whatever the clock says.
            (-1_800_000_000, .unvouched, 3600, nil), (-1_800_000_000, .unvouched, 1200, 2400), (0, .synced, 4000, nil),
        ] as [(Int64, MaintenanceClock.Trust, Int64, Int64?)])
    func theTimeIsJudgedByTheBestThereIs(
        _ offset: Int64, _ trust: MaintenanceClock.Trust, _ floor: Int64, _ left: Int64?
    ) throws {
        let clock = MaintenanceClock(
            seconds: Self.start + offset, trust: trust, floor: floor == 0 ? 0 : Self.start + floor)
        let note = try note()
        #expect((try? note.seconds(at: clock)) == left)
    }

    @Test func aRefusalByADoubtfulClockSaysSo() throws {
        let late = MaintenanceClock(seconds: Self.start + 4000, trust: .unvouched)
        let refusal = #expect(throws: MaintenanceRefusal.self) { try note().seconds(at: late) }
        #expect("\(try #require(refusal))".contains("which nobody vouches for"))
    }
}
