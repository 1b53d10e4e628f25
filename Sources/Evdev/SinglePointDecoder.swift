/// One contact from ABS_X and ABS_Y with a button (BTN_TOUCH, BTN_LEFT) or, on panels without any, pressure.
struct SinglePointDecoder: Sendable {
    /// Axes that stand in for ABS_X and ABS_Y. eGalax controllers exist whose ABS_X and ABS_Y never move while the finger
    /// arrives on ABS_Z and ABS_RX. Both must have been seen before either counts: a single extra axis is pressure.
    private struct StandIn: Sendable {
        var x: AxisRange
        var y: AxisRange
        var z: Int32?
        var rx: Int32?
    }

    private(set) var tracker: ContactTracker
    /// The button that means touching, once one was seen. Until then both count: panels advertise BTN_TOUCH and send
    /// BTN_LEFT, or the reverse; one that sends both must not press twice.
    private var button: UInt16?
    private let candidates: Set<UInt16>
    private let usesPressure: Bool
    private var standIn: StandIn?
    private let own: (x: AxisRange, y: AxisRange)

    init(capabilities: Capabilities, mapping: PanelMapping) {
        tracker = ContactTracker(slots: 1, mapping: mapping)
        own = (mapping.x, mapping.y)
        candidates = capabilities.keys.intersection([Code.touch, Code.left])
        usesPressure = candidates.isEmpty
        if let z = capabilities.absolute[Code.z], let rx = capabilities.absolute[Code.rx], z.isUsable, rx.isUsable {
            standIn = StandIn(x: z, y: rx)
        }
    }

    var mapping: PanelMapping {
        get { tracker.mapping }
        set {
            tracker.mapping.matrix = newValue.matrix
            tracker.mapping.rotation = newValue.rotation
        }
    }

    mutating func take(_ event: RawEvent, seed: Bool = false) {
        switch (event.type, event.code) {
        case (Code.absolute, Code.x):
            tracker.setX(event.value, slot: 0)
            if !seed { keepOwnAxes() }
        case (Code.absolute, Code.y):
            tracker.setY(event.value, slot: 0)
            if !seed { keepOwnAxes() }
        case (Code.absolute, Code.z), (Code.absolute, Code.rx):
            if !seed { takeStandIn(event) }
        case (Code.absolute, Code.pressure) where usesPressure:
            press(event.value > 0)
        case (Code.key, let code) where candidates.contains(code):
            guard button == nil || button == code else { return }
            button = code
            if event.value != 2 { press(event.value != 0) }
        default: break
        }
    }

    mutating func finishFrame(synthesised: Bool, numbers: inout ContactNumbers) -> [DecodedEdge] {
        tracker.finishFrame(synthesised: synthesised, numbers: &numbers)
    }

    mutating func cancelAll() -> [DecodedEdge] { tracker.cancelAll() }

    private mutating func press(_ down: Bool) {
        if down, !tracker.isOpen(0) { tracker.begin(slot: 0) }
        if !down { tracker.end(slot: 0) }
    }

    private mutating func takeStandIn(_ event: RawEvent) {
        if event.code == Code.z { standIn?.z = event.value } else { standIn?.rx = event.value }
        guard let other = standIn, let z = other.z, let rx = other.rx else { return }
        (tracker.mapping.x, tracker.mapping.y) = (other.x, other.y)
        tracker.setX(z, slot: 0)
        tracker.setY(rx, slot: 0)
    }

    /// The first live ABS_X or ABS_Y settles that these are the coordinates.
    private mutating func keepOwnAxes() {
        guard standIn != nil else { return }
        standIn = nil
        (tracker.mapping.x, tracker.mapping.y) = own
    }
}
