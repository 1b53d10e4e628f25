import Testing

@testable import Evdev

@Suite struct ClassificationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var capabilities: Capabilities
        var expected: DeviceClass?

        init(
            _ name: String, _ expected: DeviceClass?, keys: [UInt16] = [], axes: [UInt16: ClosedRange<Int32>] = [:],
            properties: [UInt16] = [], relative: [UInt16] = [], slots: Int = 0, broken: [UInt16: (Int32, Int32)] = [:]
        ) {
            testDescription = name
            self.expected = expected
            capabilities = Capabilities(
                properties: Set(properties), keys: Set(keys), relative: Set(relative),
                absolute: axes.mapValues { AxisRange(minimum: $0.lowerBound, maximum: $0.upperBound) }, slots: slots)
            for (code, range) in broken {
                capabilities.absolute[code] = AxisRange(minimum: range.0, maximum: range.1)
            }
        }
    }

    private static let direct: UInt16 = 1
    private static let pointer: UInt16 = 0
    private static let touch: UInt16 = 0x14A
    private static let left: UInt16 = 0x110
    private static let plane: [UInt16: ClosedRange<Int32>] = [0: 0...4095, 1: 0...4095]
    private static let multitouch: [UInt16: ClosedRange<Int32>] = [0x35: 0...4095, 0x36: 0...4095]
    private static let slots: [UInt16: ClosedRange<Int32>] = multitouch.merging(
        [0x2F: 0...9, 0x39: 0...65535], uniquingKeysWith: { first, _ in first })

    static let rows: [Row] = [
        Row("a slot panel", .slots, keys: [touch], axes: slots, properties: [direct], slots: 10),
        Row("a slot panel without INPUT_PROP_DIRECT", .slots, keys: [touch], axes: slots, slots: 10),
        Row("a slot panel without any key", .slots, axes: slots, slots: 2),
        Row("a panel without slots and without touch button", .packets, axes: multitouch),
        Row(
            "a panel without slots whose single-touch axes are there too", .packets, keys: [touch, 0x14D],
            axes: multitouch.merging(plane, uniquingKeysWith: { first, _ in first })),
        Row("a resistive panel", .singleTouch, keys: [touch], axes: [0: 42...1981, 1: 30...4040]),
        Row(
            "a panel with pressure alone", .singleTouch, axes: [0: 0...4095, 1: 0...4095, 0x18: 0...255],
            properties: [direct]),
        Row("a finger panel that advertises a pen", .singleTouch, keys: [touch, 0x140], axes: plane),
        Row("a finger tool without INPUT_PROP_DIRECT", .slots, keys: [touch, 0x145], axes: slots, slots: 10),
        Row("a virtual tablet", .pointer, keys: [left, 0x111, 0x112], axes: plane, relative: [8]),
        Row("a virtual tablet that calls itself a pointer", .pointer, keys: [left], axes: plane, properties: [pointer]),
        Row("a panel with BTN_LEFT and INPUT_PROP_DIRECT", .pointer, keys: [left], axes: plane, properties: [direct]),
        Row("a keyboard wedge", .keys, keys: Array(1...83)),
        Row("a keypad with a volume wheel", .keys, keys: Array(71...83), axes: [0x20: 0...1023]),
        Row("a foot pedal", .keys, keys: [0xB8, 0xB9, 0xBA]),
        Row("a quiz buzzer, which is a joystick", .keys, keys: Array(0x120...0x133), axes: plane),
        Row("a gamepad", .keys, keys: Array(0x130...0x13E), axes: [0: -128...127, 1: -128...127, 2: 0...255]),
        Row("a box of trigger-happy buttons", .keys, keys: Array(0x2C0...0x2D3)),
        Row("a headset with five buttons of its own", .keys, keys: Array(0x100...0x104)),
        Row(
            "a panel whose multitouch range is empty but whose single-touch one is not", .singleTouch, keys: [touch],
            axes: plane, properties: [direct], slots: 5, broken: [0x35: (0, 0), 0x36: (0, 0)]),
        Row(
            "a headset with every axis and button there is", nil, keys: [114, 115] + Array(0x100...0x13A),
            axes: Dictionary(uniqueKeysWithValues: (0x28...0x3F).map { (UInt16($0), -128...127) })),
        Row("a touchpad", nil, keys: [left, touch, 0x145, 0x14D], axes: slots, properties: [pointer, 2], slots: 2),
        Row("a touchpad of old kernels, without properties", nil, keys: [left, touch, 0x145], axes: plane),
        Row(
            "a pen tablet", nil, keys: [left, touch, 0x140, 0x14B],
            axes: [0: 0...9000, 1: 0...9000, 0x18: 0...1023], properties: [pointer]),
        Row(
            "a display for a pen", nil, keys: [touch, 0x140, 0x141], axes: [0: 0...9, 1: 0...9, 0x18: 0...9],
            properties: [direct]),
        Row("an accelerometer", nil, axes: [0: -512...512, 1: -512...512, 2: -512...512], properties: [6]),
        Row("an accelerometer of old kernels", nil, axes: [0: -512...512, 1: -512...512, 2: -512...512]),
        Row("a mouse", nil, keys: [left, 0x111, 0x112], relative: [0, 1, 8]),
        Row("a power button", nil, keys: [116]),
        Row("hotkeys for brightness", nil, keys: [224, 225, 227]),
        Row("a lid switch", nil),
        Row("a panel whose range is empty", nil, keys: [touch], properties: [direct], broken: [0: (0, 0), 1: (0, 0)]),
        Row("a panel whose maximum is below its minimum", nil, keys: [touch], broken: [0: (100, 0), 1: (0, 100)]),
        Row("ABS_X without ABS_Y", nil, keys: [touch], axes: [0: 0...100]),
        Row("ABS_MT_POSITION_X without ABS_MT_POSITION_Y", nil, axes: [0x35: 0...100]),
    ]

    @Test("Devices are taken or left alone by what they can do", arguments: rows)
    func classes(row: Row) {
        switch Classification(row.capabilities) {
        case .taken(let deviceClass): #expect(deviceClass == row.expected)
        case .leftAlone(let reason):
            #expect(row.expected == nil)
            #expect(!reason.isEmpty)
        }
    }

    @Test("A panel that is refused for its range says which setting would help")
    func reason() {
        let row = Row("", nil, keys: [Self.touch], broken: [0: (0, 0), 1: (0, 0)])
        guard case .leftAlone(let reason) = Classification(row.capabilities) else {
            Issue.record("taken")
            return
        }
        #expect(reason.contains("ABS_X"))
        #expect(reason.contains("EVDEV_ABS_00"))
    }
}
