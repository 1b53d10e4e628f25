import FoundationEssentials

@testable import Evdev

// What a device says: any USB device may claim to be a panel.

extension Decoder {
    /// A byte for the class, a byte for the slots, two axes of 8 bytes, then events of 8 bytes: type, code, value.
    static let input = Decoder(
        "input",
        sources: [
            "Evdev/DeviceDecoder.swift", "Evdev/SlotDecoder.swift", "Evdev/SinglePointDecoder.swift",
            "Evdev/ContactTracker.swift", "Evdev/PanelMapping.swift", "Evdev/Classification.swift",
        ],
        seeds: {
            [Data(touch(class: 0)), Data(touch(class: 2)), Data(touch(class: 3)), Data(touch(class: 4))]
                + [Data([0, 10] + [UInt8](repeating: 0, count: 16) + Array("1 0 0 0 1 0".utf8))]
        },
        take: { data in
            var bytes = [UInt8](data)[...]
            guard bytes.count >= 18, let device = DeviceClass.allCases.dropFirst(Int(bytes.removeFirst() % 5)).first
            else { return }
            var capabilities = Capabilities()
            capabilities.slots = Int(bytes.removeFirst() % 32)
            let x = AxisRange(minimum: integer(&bytes), maximum: integer(&bytes))
            let y = AxisRange(minimum: integer(&bytes), maximum: integer(&bytes))
            for code in [Code.x, Code.multitouchX] { capabilities.absolute[code] = x }
            for code in [Code.y, Code.multitouchY] { capabilities.absolute[code] = y }
            classify(bytes, capabilities)
            var decoder = DeviceDecoder(device, capabilities: capabilities)
            calibrate(&decoder, Data(bytes.prefix(24)))
            var numbers = ContactNumbers()
            var open: Set<Int> = []
            while bytes.count >= 8 {
                let events = frame(&bytes)
                for edge in decoder.frame(events, synthesised: false, numbers: &numbers) { follow(edge, &open) }
            }
            for edge in decoder.cancelAll() { follow(edge, &open) }
            require(open.isEmpty, "leaves contacts open after the device went away")
            require(!decoder.hasOpenContacts, "believes that contacts are open after the device went away")
        })

    /// A device says what it can by sets of codes, and udev's property by a text.
    private static func classify(_ bytes: ArraySlice<UInt8>, _ given: Capabilities) {
        var capabilities = given
        var bytes = bytes
        while bytes.count >= 3 {
            let kind = bytes.removeFirst()
            let code = UInt16(bytes.removeFirst()) | UInt16(bytes.removeFirst()) << 8
            switch kind % 5 {
            case 0: capabilities.keys.insert(code & 0x3FF)
            case 1: capabilities.relative.insert(code & 0xF)
            case 2: capabilities.properties.insert(code & 0x1F)
            case 3: capabilities.absolute[code & 0x3F] = AxisRange(minimum: 0, maximum: Int32(kind))
            default: capabilities.absolute[code & 0x3F] = nil
            }
            if case .leftAlone(let reason) = Classification(capabilities) { require(!reason.isEmpty, "says nothing") }
        }
    }

    private static func calibrate(_ decoder: inout DeviceDecoder, _ bytes: Data) {
        do throws(InputError) {
            decoder.calibrate(matrix: try CalibrationMatrix(text: bytes.text), rotation: .none)
        } catch { require(!error.description.isEmpty, "says nothing") }
    }

    /// Every contact comes down once, before it moves or goes up, at a place within the picture.
    private static func follow(_ edge: DecodedEdge, _ open: inout Set<Int>) {
        switch edge.kind {
        case .down(let contact, let point):
            require(open.insert(contact).inserted, "lets a contact come down twice")
            require((0...1).contains(point.x) && (0...1).contains(point.y), "places a contact outside of the picture")
        case .move(let contact, let point):
            require(open.contains(contact), "moves a contact that is not down")
            require((0...1).contains(point.x) && (0...1).contains(point.y), "places a contact outside of the picture")
        case .up(let contact, _, _): require(open.remove(contact) != nil, "lifts a contact that is not down")
        case .key: break
        }
    }

    /// The events up to a SYN_REPORT, at most 64.
    private static func frame(_ bytes: inout ArraySlice<UInt8>) -> [RawEvent] {
        var events: [RawEvent] = []
        while bytes.count >= 8, events.count < 64 {
            let (type, code) = (UInt16(bytes.removeFirst()), UInt16(bytes.removeFirst()))
            let high = UInt16(bytes.removeFirst())
            _ = bytes.removeFirst()
            let event = RawEvent(type, code | high << 8, integer(&bytes))
            if event.type == 0 { return events }
            events.append(event)
        }
        return events
    }

    private static func integer(_ bytes: inout ArraySlice<UInt8>) -> Int32 {
        let value = bytes.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        bytes = bytes.dropFirst(4)
        return Int32(bitPattern: value)
    }

    /// A finger that comes down, moves and goes up, on a panel of 4096 × 4096.
    private static func touch(class device: UInt8) -> [UInt8] {
        let number: (Int32) -> [UInt8] = { value in withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        let event: (UInt8, UInt16, Int32) -> [UInt8] = { type, code, value in
            [type, UInt8(code & 0xFF), UInt8(code >> 8), 0] + number(value)
        }
        let report = event(0, 0, 0)
        let axes = number(0) + number(4095) + number(0) + number(4095)
        let down =
            event(3, 0x2F, 0) + event(3, 0x39, 7) + event(3, 0x35, 100) + event(3, 0x36, 200) + event(3, 0, 100)
            + event(3, 1, 200) + event(1, 0x14A, 1) + event(1, 2, 1) + report
        let move = event(3, 0x35, 120) + event(3, 0, 120) + report
        let up = event(3, 0x39, -1) + event(1, 0x14A, 0) + event(1, 2, 0) + report
        return [device, 10] + axes + down + move + up + down
    }
}
