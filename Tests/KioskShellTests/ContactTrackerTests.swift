import Dialog
import Evdev
import Testing

@testable import KioskShell

@Suite struct ContactTrackerTests {
    private var tracker = ContactTracker(keys: ["KEY_1": .answer(1)])

    private func edge(_ kind: InputEvent.Kind, synthesised: Bool = false) -> InputEvent {
        InputEvent(device: DeviceID(1), time: 0, kind: kind, synthesised: synthesised)
    }

    private mutating func heard(_ kind: InputEvent.Kind, synthesised: Bool = false) -> [DialogEvent] {
        tracker.events(for: edge(kind, synthesised: synthesised)) { x, _ in x < 0.5 ? .answer(5) : nil }
    }

    @Test mutating func aFingerIsDownOnWhatLiesUnderItAndUpOnce() {
        #expect(heard(.down(contact: 1, x: 0.2, y: 0.5)) == [.contactDown(target: .answer(5))])
        #expect(heard(.move(contact: 1, x: 0.9, y: 0.5)) == [])
        #expect(heard(.up(contact: 1, x: 0.9, y: 0.5, cancelled: false)) == [.allContactsUp])
        #expect(heard(.up(contact: 1, x: 0.9, y: 0.5, cancelled: false)) == [])
    }

    @Test mutating func allAreUpOnlyAfterTheLastOne() {
        _ = heard(.down(contact: 1, x: 0.2, y: 0.5))
        #expect(heard(.down(contact: 2, x: 0.8, y: 0.5)) == [.contactDown(target: nil)])
        #expect(heard(.up(contact: 1, x: 0.2, y: 0.5, cancelled: false)) == [])
        #expect(heard(.up(contact: 2, x: 0.8, y: 0.5, cancelled: true)) == [.allContactsUp])
    }

    @Test mutating func aContactThatWasOnlyFoundIsNoPress() {
        #expect(heard(.down(contact: 1, x: 0.2, y: 0.5), synthesised: true) == [])
        #expect(heard(.up(contact: 1, x: 0.2, y: 0.5, cancelled: true), synthesised: true) == [])
    }

    @Test mutating func aFingerWhosePanelGoesAwayIsUp() {
        _ = heard(.down(contact: 1, x: 0.2, y: 0.5))
        #expect(heard(.up(contact: 1, x: 0.2, y: 0.5, cancelled: true), synthesised: true) == [.allContactsUp])
    }

    @Test mutating func keysMeanWhatTheTableSays() {
        #expect(heard(.key(code: 2, name: "KEY_1", pressed: true)) == [.keyDown(.answer(1))])
        #expect(heard(.key(code: 2, name: "KEY_1", pressed: false)) == [.keyUp(.answer(1))])
        #expect(heard(.key(code: 30, name: "KEY_A", pressed: true)) == [])
        #expect(heard(.key(code: 2, name: "KEY_1", pressed: true), synthesised: true) == [])
    }
}
