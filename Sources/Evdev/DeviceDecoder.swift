/// Keys and buttons of any device. Repeats (value 2) are the kernel's, not a person's, and are ignored; so is a second
/// press without a release, which a filter in the kernel would have taken out.
struct KeyDecoder: Sendable {
    /// Codes that are a touch or a tool on this device, not a key.
    let ignored: Set<UInt16>
    private var pressed: Set<UInt16> = []
    private var edges: [DecodedEdge] = []

    init(ignoring ignored: Set<UInt16>) { self.ignored = ignored }

    mutating func take(_ event: RawEvent) {
        guard event.type == Code.key, event.value == 0 || event.value == 1, !ignored.contains(event.code),
            !Code.toolButtons.contains(event.code)
        else { return }
        let isPress = event.value == 1
        guard isPress ? pressed.insert(event.code).inserted : pressed.remove(event.code) != nil else { return }
        edges.append(DecodedEdge(kind: .key(event.code, pressed: isPress), synthesised: false))
    }

    mutating func finishFrame(synthesised: Bool) -> [DecodedEdge] {
        defer { edges.removeAll(keepingCapacity: true) }
        return edges.map { DecodedEdge(kind: $0.kind, synthesised: synthesised) }
    }

    mutating func cancelAll() -> [DecodedEdge] {
        defer { pressed.removeAll() }
        edges.removeAll()
        return pressed.sorted().map { DecodedEdge(kind: .key($0, pressed: false), synthesised: true) }
    }
}

/// Everything one device says, frame by frame: the whole decoding without a device, a clock or a file.
struct DeviceDecoder: Sendable {
    private enum Contacts: Sendable {
        case none
        case slots(SlotDecoder)
        case single(SinglePointDecoder)
    }

    private var contacts: Contacts
    private var keys: KeyDecoder

    /// `currentSlot`: the slot that the kernel was in when the device was opened.
    init(
        _ deviceClass: DeviceClass, capabilities: Capabilities, matrix: CalibrationMatrix = .identity,
        rotation: ScreenRotation = .none, currentSlot: Int = 0
    ) {
        func mapping(_ x: UInt16, _ y: UInt16) -> PanelMapping {
            let unknown = AxisRange(minimum: 0, maximum: 0)
            return PanelMapping(
                x: capabilities.absolute[x] ?? unknown, y: capabilities.absolute[y] ?? unknown, matrix: matrix,
                rotation: rotation)
        }
        let multitouch = mapping(Code.multitouchX, Code.multitouchY)
        switch deviceClass {
        case .slots:
            contacts = .slots(SlotDecoder(slots: capabilities.slots, currentSlot: currentSlot, mapping: multitouch))
        case .packets: contacts = .slots(SlotDecoder(slots: MtdevConverter.slots, mapping: multitouch))
        case .singleTouch, .pointer:
            contacts = .single(SinglePointDecoder(capabilities: capabilities, mapping: mapping(Code.x, Code.y)))
        case .keys: contacts = .none
        }
        keys = KeyDecoder(ignoring: deviceClass == .keys ? [] : Set(Code.mouseButtons))
    }

    var hasOpenContacts: Bool {
        switch contacts {
        case .none: false
        case .slots(let decoder): decoder.tracker.hasOpenContacts
        case .single(let decoder): decoder.tracker.hasOpenContacts
        }
    }

    /// Settings or udev's property may change while a device is open; the next sample is placed by the new values.
    mutating func calibrate(matrix: CalibrationMatrix, rotation: ScreenRotation) {
        switch contacts {
        case .none: break
        case .slots(var decoder):
            decoder.mapping.matrix = matrix
            decoder.mapping.rotation = rotation
            contacts = .slots(decoder)
        case .single(var decoder):
            decoder.mapping.matrix = matrix
            decoder.mapping.rotation = rotation
            contacts = .single(decoder)
        }
    }

    /// The events of one frame without its SYN_REPORT. `seed`: they are the state in which the device was found, which
    /// always counts as synthesised.
    mutating func frame(
        _ events: [RawEvent], synthesised: Bool, seed: Bool = false, numbers: inout ContactNumbers
    ) -> [DecodedEdge] {
        var result: [DecodedEdge] = []
        switch contacts {
        case .none: break
        case .slots(var decoder):
            contacts = .none  // Held once, so that taking an event does not copy the slots.
            for event in events { decoder.take(event) }
            result = decoder.finishFrame(synthesised: synthesised || seed, numbers: &numbers)
            contacts = .slots(decoder)
        case .single(var decoder):
            contacts = .none
            for event in events { decoder.take(event, seed: seed) }
            result = decoder.finishFrame(synthesised: synthesised || seed, numbers: &numbers)
            contacts = .single(decoder)
        }
        for event in events { keys.take(event) }
        return result + keys.finishFrame(synthesised: synthesised || seed)
    }

    /// The device went away: contacts and keys that are open end here, synthesised.
    mutating func cancelAll() -> [DecodedEdge] { cancelContacts() + keys.cancelAll() }

    mutating func cancelContacts() -> [DecodedEdge] {
        switch contacts {
        case .none: return []
        case .slots(var decoder):
            defer { contacts = .slots(decoder) }
            return decoder.cancelAll()
        case .single(var decoder):
            defer { contacts = .single(decoder) }
            return decoder.cancelAll()
        }
    }
}
