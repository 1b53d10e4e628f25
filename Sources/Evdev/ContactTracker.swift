/// One decoded edge, before it is given a device and a time.
struct DecodedEdge: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case down(contact: Int, Point)
        case move(contact: Int, Point)
        case up(contact: Int, Point, cancelled: Bool)
        case key(UInt16, pressed: Bool)
    }
    var kind: Kind
    var synthesised: Bool
}

/// Hands out contact numbers that are unique over all devices of a process.
struct ContactNumbers: Sendable {
    private var last = 0

    mutating func next() -> Int {
        last += 1
        return last
    }
}

/// The contacts of one panel, as edges in order and coordinates that may come before or after them.
///
/// Within a frame the begin and end of each touch are only noted; at SYN_REPORT each gets its place and becomes
/// `down`, `move`, `up`. So a press and its release in one frame are a `down` and an `up`, a release and a new touch in
/// the same slot are two contacts, and a button reported before its coordinates is placed by those that follow.
///
/// A touch that is not believable yet (no coordinates, coordinates far outside the range, hovering, a palm) is known but
/// not reported; it comes down when it becomes believable.
struct ContactTracker: Sendable {
    private struct Touch: Sendable {
        let serial: Int
        let slot: Int
        let beganInThisFrame: Bool
        /// Nil until reported as down.
        var contact: Int?
        var point: Point?
        /// The raw place fixed by a later edge of the same slot in this frame; nil: where the slot is at SYN_REPORT.
        var sealed: RawPlace?
    }
    private struct RawPlace: Equatable, Sendable {
        var x: Int32?
        var y: Int32?
    }
    private struct Slot: Sendable {
        var place = RawPlace()
        /// Hovering or a palm: not a touch for now.
        var isHeld = false
        var isPalm = false
        var open: Touch?
        var moved = false
    }
    private enum Edge {
        case begin(Int)
        case end(Touch, cancelled: Bool)
    }

    var mapping: PanelMapping
    private var slots: [Slot]
    private var edges: [Edge] = []
    /// Touches that began and ended within this frame and wait for their place, by serial.
    private var brief: [Int: Touch] = [:]
    private var serials = 0

    init(slots: Int, mapping: PanelMapping) {
        self.slots = Array(repeating: Slot(), count: max(1, min(slots, InputLimits.slots)))
        self.mapping = mapping
    }

    var slotCount: Int { slots.count }
    var hasOpenContacts: Bool { slots.contains { $0.open != nil } }
    func isOpen(_ slot: Int) -> Bool { slots[slot].open != nil }
    func beganInThisFrame(_ slot: Int) -> Bool { slots[slot].open?.beganInThisFrame == true }

    mutating func setX(_ value: Int32, slot: Int) {
        slots[slot].place.x = value
        slots[slot].moved = true
    }
    mutating func setY(_ value: Int32, slot: Int) {
        slots[slot].place.y = value
        slots[slot].moved = true
    }
    mutating func setHeld(_ held: Bool, isPalm: Bool, slot: Int) {
        slots[slot].isHeld = held
        slots[slot].isPalm = isPalm
    }

    mutating func begin(slot: Int) {
        sealBrief(slot: slot)
        serials += 1
        slots[slot].open = Touch(serial: serials, slot: slot, beganInThisFrame: true)
        edges.append(.begin(serials))
    }

    mutating func end(slot: Int, cancelled: Bool = false) {
        guard var touch = slots[slot].open else { return }
        slots[slot].open = nil
        if touch.beganInThisFrame {
            brief[touch.serial] = touch
        } else {
            touch.sealed = slots[slot].place
        }
        edges.append(.end(touch, cancelled: cancelled))
    }

    /// SYN_REPORT. `synthesised`: the frame comes from a synchronisation, so its downs are no presses and its ups were
    /// not lifts that we read.
    mutating func finishFrame(synthesised: Bool, numbers: inout ContactNumbers) -> [DecodedEdge] {
        var result: [DecodedEdge] = []
        for edge in edges {
            switch edge {
            case .begin(let serial): announce(serial, synthesised, &numbers, &result)
            case .end(let touch, let cancelled):
                finish(brief.removeValue(forKey: touch.serial) ?? touch, cancelled || synthesised, synthesised, &result)
            }
        }
        edges.removeAll(keepingCapacity: true)
        brief.removeAll(keepingCapacity: true)
        for index in slots.indices { settle(index, synthesised, &numbers, &result) }
        return result
    }

    /// The device is gone or its state unknown: whatever is open ends, cancelled.
    mutating func cancelAll() -> [DecodedEdge] {
        edges.removeAll()
        brief.removeAll()
        return slots.indices.compactMap { index in
            defer { slots[index].open = nil }
            guard let touch = slots[index].open, let contact = touch.contact, let point = touch.point else {
                return nil
            }
            return DecodedEdge(kind: .up(contact: contact, point, cancelled: true), synthesised: true)
        }
    }

    // MARK: - At the end of a frame

    /// A new touch begins where others of this frame ended: those keep the place that the slot has now.
    private mutating func sealBrief(slot: Int) {
        for (serial, touch) in brief where touch.slot == slot && touch.sealed == nil {
            brief[serial]?.sealed = slots[slot].place
        }
    }

    private func point(of place: RawPlace) -> Point? {
        guard let x = place.x, let y = place.y else { return nil }
        return mapping.point(x, y)
    }

    private mutating func announce(
        _ serial: Int, _ synthesised: Bool, _ numbers: inout ContactNumbers, _ result: inout [DecodedEdge]
    ) {
        if var touch = brief[serial] {
            guard !slots[touch.slot].isHeld, let place = point(of: touch.sealed ?? slots[touch.slot].place) else {
                return
            }
            let contact = numbers.next()
            (touch.contact, touch.point) = (contact, place)
            brief[serial] = touch
            result.append(DecodedEdge(kind: .down(contact: contact, place), synthesised: synthesised))
        } else if let index = slots.firstIndex(where: { $0.open?.serial == serial }) {
            announceOpen(index, synthesised, &numbers, &result)
        }
    }

    private mutating func announceOpen(
        _ index: Int, _ synthesised: Bool, _ numbers: inout ContactNumbers, _ result: inout [DecodedEdge]
    ) {
        guard !slots[index].isHeld, let place = point(of: slots[index].place) else { return }
        let contact = numbers.next()
        slots[index].open?.contact = contact
        slots[index].open?.point = place
        result.append(DecodedEdge(kind: .down(contact: contact, place), synthesised: synthesised))
    }

    private func finish(_ touch: Touch, _ cancelled: Bool, _ synthesised: Bool, _ result: inout [DecodedEdge]) {
        guard let contact = touch.contact, let last = touch.point else { return }
        let place = touch.sealed.flatMap { point(of: $0) } ?? last
        result.append(
            DecodedEdge(kind: .up(contact: contact, place, cancelled: cancelled), synthesised: synthesised))
    }

    /// Moves, touches that became believable, touches that became a hover or a palm.
    private mutating func settle(
        _ index: Int, _ synthesised: Bool, _ numbers: inout ContactNumbers, _ result: inout [DecodedEdge]
    ) {
        defer { slots[index].moved = false }
        guard let touch = slots[index].open else { return }
        if touch.beganInThisFrame {
            slots[index].open = Touch(
                serial: touch.serial, slot: index, beganInThisFrame: false, contact: touch.contact, point: touch.point)
            return
        }
        guard let contact = touch.contact, let last = touch.point else {
            announceOpen(index, synthesised, &numbers, &result)
            return
        }
        if slots[index].isHeld {
            // A hover may touch again. A palm may not: it would press wherever the hand rests.
            if slots[index].isPalm { slots[index].open = nil } else { slots[index].open?.contact = nil }
            let cancelled = slots[index].isPalm || synthesised
            result.append(
                DecodedEdge(kind: .up(contact: contact, last, cancelled: cancelled), synthesised: synthesised))
        } else if slots[index].moved, let place = point(of: slots[index].place), place != last {
            slots[index].open?.point = place
            result.append(DecodedEdge(kind: .move(contact: contact, place), synthesised: synthesised))
        }
    }
}
