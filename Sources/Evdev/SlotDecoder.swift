/// Multitouch protocol B, from a panel or from mtdev.
struct SlotDecoder: Sendable {
    private struct Slot: Sendable {
        var trackingID: Int32 = -1
        var distance: Int32 = 0
        var tool: Int32 = 0
    }

    private(set) var tracker: ContactTracker
    private var slots: [Slot]
    /// The slot that the following events belong to; outside the slots for one beyond our limit.
    private var current: Int

    init(slots: Int, currentSlot: Int = 0, mapping: PanelMapping) {
        tracker = ContactTracker(slots: slots, mapping: mapping)
        self.slots = Array(repeating: Slot(), count: tracker.slotCount)
        current = currentSlot
    }

    var mapping: PanelMapping {
        get { tracker.mapping }
        set { tracker.mapping = newValue }
    }

    mutating func take(_ event: RawEvent) {
        guard event.type == Code.absolute else { return }
        if event.code == Code.slot {
            current = Int(event.value)
            return
        }
        guard slots.indices.contains(current) else { return }
        switch event.code {
        case Code.multitouchX: tracker.setX(event.value, slot: current)
        case Code.multitouchY: tracker.setY(event.value, slot: current)
        case Code.trackingID: track(event.value)
        case Code.multitouchDistance:
            slots[current].distance = event.value
            updateHeld()
        case Code.toolType:
            slots[current].tool = event.value
            updateHeld()
        default: break
        }
    }

    mutating func finishFrame(synthesised: Bool, numbers: inout ContactNumbers) -> [DecodedEdge] {
        tracker.finishFrame(synthesised: synthesised, numbers: &numbers)
    }

    mutating func cancelAll() -> [DecodedEdge] {
        for index in slots.indices { slots[index].trackingID = -1 }
        return tracker.cancelAll()
    }

    /// Only "−1" and "not −1" mean something; ids start anywhere, some panels send 0 for ever. Another id without a −1
    /// between is another contact (kernel's multi-touch-protocol: "a tracking id not previously present is considered
    /// new, and a tracking id no longer present is considered removed"). Two ids for a touch that begins in this frame
    /// are one touch of a driver that changed its mind (Sipeed NanoKVM: 25, then 0).
    private mutating func track(_ id: Int32) {
        let before = slots[current].trackingID
        slots[current].trackingID = max(id, -1)
        guard before != slots[current].trackingID else { return }
        if id < 0 {
            tracker.end(slot: current)
        } else if !tracker.beganInThisFrame(current) {
            tracker.end(slot: current)
            tracker.begin(slot: current)
        }
    }

    /// Kernel's multi-touch-protocol: ABS_MT_DISTANCE 0 is touching, above is hovering; MT_TOOL_PALM is for user space to
    /// ignore.
    private mutating func updateHeld() {
        let isPalm = slots[current].tool == Code.palm
        tracker.setHeld(isPalm || slots[current].distance > 0, isPalm: isPalm, slot: current)
    }
}
