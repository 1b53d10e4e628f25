import Dialog
import Evdev

/// From what devices report to what the dialog hears: finds the target under a contact, knows when the last one is up.
///
/// A synthesised edge is never a press: a contact that was merely found to be down is not told at all, and its end is not
/// either; one that was pressed and then lost counts as lifted.
struct ContactTracker {
    /// Contacts that were told as down. The panels together cannot hold more than this at once.
    static let maximumContacts = 256

    private var open: Set<Int> = []
    /// What each key means, by its name in linux/input-event-codes.h.
    private let keys: [String: DialogKey]

    init(keys: [String: DialogKey]) { self.keys = keys }

    /// What the dialog hears of one edge. `target` finds what lies at a place, 0…1 from the left and the top.
    mutating func events(for event: InputEvent, target: (Double, Double) -> TargetID?) -> [DialogEvent] {
        switch event.kind {
        case .down(let contact, let x, let y):
            guard !event.synthesised, open.count < Self.maximumContacts else { return [] }
            open.insert(contact)
            return [.contactDown(target: target(x, y))]
        case .up(let contact, _, _, _):
            guard open.remove(contact) != nil, open.isEmpty else { return [] }
            return [.allContactsUp]
        case .key(_, let name, let pressed):
            // A keyboard has a hundred keys that the table does not name; none of them does anything (reliability.md §5.4).
            guard let key = keys[name] else { return [] }
            if !pressed { return [.keyUp(key)] }
            return event.synthesised ? [] : [.keyDown(key)]
        case .move, .deviceAdded, .deviceRemoved, .ignored:
            return []
        }
    }
}
