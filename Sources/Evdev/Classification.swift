/// What a device says it can report. Built from libevdev, or by hand in tests.
struct Capabilities: Equatable, Sendable {
    var properties: Set<UInt16> = []
    var keys: Set<UInt16> = []
    var relative: Set<UInt16> = []
    var absolute: [UInt16: AxisRange] = [:]
    /// Slots of a multitouch protocol B device, 0 for others.
    var slots = 0

    func hasAxes(_ codes: UInt16...) -> Bool { codes.allSatisfy { absolute[$0] != nil } }
    func hasKey(in range: ClosedRange<UInt16>) -> Bool { keys.contains(where: range.contains) }
}

/// Whether a device is read and as what, decided by capability alone: names lie, are empty or repeat.
enum Classification: Equatable, Sendable {
    case taken(DeviceClass)
    case leftAlone(String)

    init(_ device: Capabilities) {
        if let reason = Self.reasonAgainst(device) {
            self = .leftAlone(reason)
        } else if let touch = Self.touchClass(of: device) {
            self = .taken(touch)
        } else if Self.hasVisitorKeys(device) {
            self = .taken(.keys)
        } else {
            self = .leftAlone(Self.reasonForNothing(device))
        }
    }

    /// Devices that resemble a panel or a button box and are neither.
    private static func reasonAgainst(_ device: Capabilities) -> String? {
        if device.properties.contains(Code.isAccelerometer) { return "it is an accelerometer" }
        if looksLikeMultitouchOnly(device) {
            return "it numbers its axes through the multitouch range without being multitouch, as headsets do"
        }
        if isTouchpad(device) { return "it is a touchpad: it points at no place on the screen" }
        if isPenTablet(device) { return "it is a tablet for a pen" }
        return nil
    }

    /// Headsets map vendor usages to ABS_MISC and upwards, through the multitouch codes, and to every button code
    /// there is. A joystick with that many axes stays usable as a button box; it has no mouse buttons.
    private static func looksLikeMultitouchOnly(_ device: Capabilities) -> Bool {
        guard device.hasAxes(Code.beforeSlot) else { return false }
        let isJoystick = device.hasKey(in: Code.joystickButtons) && !device.hasKey(in: Code.mouseButtons)
        return !isJoystick && device.absolute.keys.contains(where: Code.multitouchAxes.contains)
    }

    /// Without INPUT_PROP_DIRECT a finger device may still be a panel (N-Trig, eGalax, Zytronic with BTN_TOOL_FINGER).
    /// A touchpad gives itself away by a pointer or pad property, or by having a button beside its finger.
    private static func isTouchpad(_ device: Capabilities) -> Bool {
        let has = device.properties.contains
        if has(Code.isDirect) { return false }
        if has(Code.isButtonPad) || has(Code.isSemiMultitouch) || has(Code.isTopButtonPad) { return true }
        let senses = device.hasAxes(Code.multitouchX, Code.multitouchY) || device.keys.contains(Code.toolFinger)
        if has(Code.isPointer) { return senses || device.keys.contains(Code.touch) }
        return device.keys.contains(Code.toolFinger) && device.keys.contains(Code.left)
    }

    /// Finger panels exist that advertise BTN_TOOL_PEN (eGalax 0eef:0001). A pen is felt by pressure, tilt or distance.
    private static func isPenTablet(_ device: Capabilities) -> Bool {
        guard device.keys.contains(Code.toolPen), !device.keys.contains(Code.toolFinger),
            !device.hasAxes(Code.multitouchX, Code.multitouchY)
        else { return false }
        return device.hasAxes(Code.pressure) || device.hasAxes(Code.tiltX) || device.hasAxes(Code.distance)
    }

    private static func touchClass(of device: Capabilities) -> DeviceClass? {
        if usableAxes(device, Code.multitouchX, Code.multitouchY), !device.hasAxes(Code.beforeSlot) {
            if device.slots > 0, device.hasAxes(Code.trackingID) { return .slots }
            if !device.hasAxes(Code.slot) { return .packets }
        }
        guard usableAxes(device, Code.x, Code.y) else { return nil }
        if device.keys.contains(Code.touch) { return .singleTouch }
        // A joystick has ABS_X and ABS_Y too; its buttons are read, its stick is no finger.
        if device.hasKey(in: Code.joystickButtons) { return nil }
        if device.keys.contains(Code.left) { return .pointer }
        let isDirect = device.properties.contains(Code.isDirect)
        return isDirect && device.absolute[Code.pressure]?.isUsable == true ? .singleTouch : nil
    }

    private static func usableAxes(_ device: Capabilities, _ x: UInt16, _ y: UInt16) -> Bool {
        device.absolute[x]?.isUsable == true && device.absolute[y]?.isUsable == true
    }

    /// Keys that a visitor or an operator could press. The buttons of a mouse do not count: without a cursor they
    /// mean nothing. Tools and touches are not keys.
    private static func hasVisitorKeys(_ device: Capabilities) -> Bool {
        device.keys.contains {
            !Code.systemKeys.contains($0) && !Code.mouseButtons.contains($0) && !Code.toolButtons.contains($0)
        }
    }

    private static func reasonForNothing(_ device: Capabilities) -> String {
        for (x, y, name) in [(Code.multitouchX, Code.multitouchY, "ABS_MT_POSITION"), (Code.x, Code.y, "ABS")] {
            let present = [(x, "X"), (y, "Y")].filter { device.absolute[$0.0] != nil }
            guard !present.isEmpty else { continue }
            if present.count == 1 { return "it has \(name)_\(present[0].1) without the other coordinate" }
            for (code, letter) in present {
                guard let range = device.absolute[code], !range.isUsable else { continue }
                return "its axis \(name)_\(letter) announces the range \(range.minimum)…\(range.maximum); "
                    + "set EVDEV_ABS_\(hex(code)) in a udev hwdb file"
            }
        }
        if device.hasKey(in: Code.mouseButtons) { return "it is a mouse: it points at no place on the screen" }
        if device.keys.contains(where: Code.systemKeys.contains) { return "it has only keys of the system" }
        return "it has no touch, pointer or keys"
    }

    private static func hex(_ code: UInt16) -> String {
        let text = String(code, radix: 16)
        return text.count < 2 ? "0" + text : text
    }
}
