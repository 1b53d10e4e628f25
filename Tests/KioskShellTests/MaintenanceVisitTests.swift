import Dialog
import KioskControl
import Ledger
import Ratings
import Testing

@testable import KioskShell

/// A visit with its clock, its screen and what it has asked for, told as a story.
private struct Story {
    var visit = MaintenanceVisit()
    var time: Int64 = 1_000_000
    let note: MaintenanceNote

    init(_ permissions: [MaintenancePermission], number: Int64 = 7) throws {
        note = try MaintenanceNote(
            kiosk: "hall-1", number: number, technician: "t-17", from: 0, until: 3600, permissions: permissions,
            signedAs: "region.example", with: SigningKey())
    }

    mutating func when(
        _ event: MaintenanceVisit.Event, after milliseconds: Int64 = 10
    ) throws -> [MaintenanceVisit.Action] {
        time += milliseconds
        return try visit.handle(event, at: time)
    }

    /// Up to the record of its opening; gives what it does first.
    mutating func open(rightClock: Int64? = nil) throws -> [MaintenanceVisit.Action] {
        #expect(try when(.ordered(.init(note: note, seconds: 3600, rightClock: rightClock))) == [])
        #expect(visit.notice == nil, "a dialog on the screen ends first")
        #expect(try when(.rests) == [.record(.opened, note, done: nil)])
        return try when(.recorded)
    }

    func closed(_ done: [String]) -> [MaintenanceVisit.Action] { [.record(.closed, note, done: done)] }
}

@Suite struct MaintenanceVisitTests {
    @Test func aStickWithAnUpdateAndReceiptsIsUsedAndTheKioskStartsAnew() throws {
        var story = try Story([.readStick, .writeStick, .installUpdate])
        #expect(try story.open() == [])
        #expect(story.visit.notice == .open(wantsStick: true))
        #expect(try story.when(.sticks(["1-2"])) == [.perform(.readStick(port: "1-2"))])
        #expect(story.visit.notice == .working)
        #expect(try story.when(.answered(.done([.update, .network, .receipts]))) == [.perform(.installUpdate)])
        #expect(try story.when(.answered(.done([]))) == [.perform(.writeStick(port: "1-2"))])
        #expect(try story.when(.answered(.done([.exports]))) == [])
        #expect(story.visit.notice == .done([.receiptsTaken, .updateInstalled, .exported], trouble: nil))
        #expect(try story.when(.sticks(["1-2"])) == [])
        let closing = try story.when(.sticks([]))
        #expect(closing == story.closed(["read-stick", "install-update", "write-stick", "restart"]))
        #expect(try story.when(.recorded) == [.perform(.restart)])
        #expect(story.visit.notice == .restarting)
    }

    @Test func whatTheNoteDoesNotAllowIsLeftAlone() throws {
        var story = try Story([.writeStick])
        _ = try story.open(rightClock: 5)
        #expect(try story.when(.sticks(["1-2"])) == [.perform(.writeStick(port: "1-2"))])
        var reader = try Story([.readStick])
        _ = try reader.open()
        _ = try reader.when(.sticks(["1-2"]))
        #expect(try reader.when(.answered(.done([.update, .network]))) == [])
        #expect(reader.visit.notice == .done([], trouble: 25))
    }

    @Test func aRefusedUpdateDoesNotKeepTheRatingsFromTheStick() throws {
        var story = try Story([.installUpdate, .writeStick])
        _ = try story.open()
        _ = try story.when(.sticks(["1-2"]))
        #expect(try story.when(.answered(.done([.update]))) == [.perform(.installUpdate)])
        #expect(try story.when(.answered(.failed(.update, reason: "r"))) == [.perform(.writeStick(port: "1-2"))])
        _ = try story.when(.answered(.done([.exports])))
        #expect(story.visit.notice == .done([.exported], trouble: 24))
        #expect(try story.when(.sticks([])) == story.closed(["read-stick", "write-stick"]))
        #expect(try story.when(.recorded) == [])
        #expect(story.visit == MaintenanceVisit())
    }

    @Test(arguments: [MaintainTrouble.stickUnreadable, .stickGone, .stickFull])
    func aBadStickIsToldOfAndAnotherOneMayFollow(trouble: MaintainTrouble) throws {
        var story = try Story([.readStick, .writeStick])
        _ = try story.open()
        _ = try story.when(.sticks(["1-2"]))
        #expect(try story.when(.answered(.failed(trouble, reason: "r"))) == [])
        #expect(story.visit.notice == .done([], trouble: trouble.rawValue))
        #expect(try story.when(.sticks([])) == [])
        #expect(story.visit.notice == .open(wantsStick: true))
        #expect(try story.when(.sticks(["1-3"])) == [.perform(.readStick(port: "1-3"))])
    }

    @Test func aVerbIsNeverCutShortByTheEndOfTheVisit() throws {
        var story = try Story([.writeStick])
        _ = try story.open()
        _ = try story.when(.sticks(["1-2"]))
        #expect(story.visit.deadline == nil)
        #expect(try story.when(.timePassed, after: 4_000_000) == [])
        #expect(try story.when(.finish) == [])
        #expect(try story.when(.answered(.done([.exports]))) == story.closed(["write-stick"]))
    }

    @Test func aVisitThatNobodyUsesEndsByItself() throws {
        var story = try Story([.readStick, .restart])
        _ = try story.open()
        #expect(story.visit.deadline == 4_600_010)
        #expect(try story.when(.timePassed, after: 3_600_000) == story.closed([]))
        #expect(try story.when(.recorded) == [])
        #expect(story.visit.notice == nil)
    }

    @Test func theTechnicianMayEndIt() throws {
        var story = try Story([.readStick])
        #expect(throws: MaintenanceVisit.Refusal.noneIsOpen) { try story.when(.finish) }
        _ = try story.open()
        #expect(try story.when(.finish) == story.closed([]))
    }

    @Test func aNewStartNeedsNoStick() throws {
        var story = try Story([.restart])
        #expect(try story.open() == story.closed(["restart"]))
        #expect(try story.when(.recorded) == [.perform(.restart)])
        #expect(try story.when(.answered(.refused(reason: "r"))) == [])
        #expect(story.visit.notice == nil, "the dialog goes on where the machine does not")
    }

    @Test func theClockIsSetToWhatTheCollectorHasProved() throws {
        var story = try Story([.setClock])
        #expect(try story.open(rightClock: 1_800_000_000) == [.perform(.setClock(seconds: 1_800_001_000))])
        #expect(try story.when(.answered(.done([]))) == story.closed(["set-clock"]))
    }

    @Test func anotherVisitWaitsForTheEndOfThisOne() throws {
        var story = try Story([.readStick])
        _ = try story.open()
        let other = try Story([.restart], number: 8).note
        #expect(throws: MaintenanceVisit.Refusal.anotherIsOpen) {
            try story.when(.ordered(.init(note: other, seconds: 60, rightClock: nil)))
        }
        #expect(try story.when(.ordered(.init(note: story.note, seconds: 60, rightClock: nil))) == [])
    }

    @Test func withoutARecordNothingIsOpened() throws {
        var story = try Story([.readStick])
        #expect(try story.when(.ordered(.init(note: story.note, seconds: 3600, rightClock: nil))) == [])
        _ = try story.when(.rests)
        #expect(try story.when(.notRecorded) == [])
        #expect(story.visit.notice == nil && !story.visit.isOpen)
    }

    @Test func aVisitThatWaitedTooLongForTheDialogIsNotOpened() throws {
        var story = try Story([.readStick])
        _ = try story.when(.ordered(.init(note: story.note, seconds: 60, rightClock: nil)))
        #expect(try story.when(.rests, after: 60_000) == [])
        #expect(story.visit == MaintenanceVisit())
    }
}
