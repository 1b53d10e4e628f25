import CEvdev

/// The event types, codes and properties of linux/input-event-codes.h that decoding and classifying look at.
enum Code {
    static let synchronise = UInt16(EV_SYN)
    static let key = UInt16(EV_KEY)
    static let relative = UInt16(EV_REL)
    static let absolute = UInt16(EV_ABS)

    static let report = UInt16(SYN_REPORT)
    static let multitouchReport = UInt16(SYN_MT_REPORT)

    static let x = UInt16(ABS_X)
    static let y = UInt16(ABS_Y)
    static let z = UInt16(ABS_Z)
    static let rx = UInt16(ABS_RX)
    static let pressure = UInt16(ABS_PRESSURE)
    static let distance = UInt16(ABS_DISTANCE)
    static let tiltX = UInt16(ABS_TILT_X)
    /// ABS_MT_SLOT − 1. No multitouch device has it; one that does numbers its axes through the whole range and only
    /// looks like a panel (libevdev.h, "multitouch-related functions").
    static let beforeSlot = UInt16(ABS_RESERVED)
    static let slot = UInt16(ABS_MT_SLOT)
    static let multitouchX = UInt16(ABS_MT_POSITION_X)
    static let multitouchY = UInt16(ABS_MT_POSITION_Y)
    static let toolType = UInt16(ABS_MT_TOOL_TYPE)
    static let trackingID = UInt16(ABS_MT_TRACKING_ID)
    static let multitouchDistance = UInt16(ABS_MT_DISTANCE)
    static let multitouchAxes = UInt16(ABS_MT_SLOT)...UInt16(ABS_MT_TOOL_Y)
    static let palm = Int32(MT_TOOL_PALM)

    static let left = UInt16(BTN_LEFT)
    static let touch = UInt16(BTN_TOUCH)
    static let toolFinger = UInt16(BTN_TOOL_FINGER)
    static let toolPen = UInt16(BTN_TOOL_PEN)
    /// BTN_LEFT … BTN_TASK
    static let mouseButtons = UInt16(BTN_MOUSE)...UInt16(BTN_TASK)
    /// BTN_TRIGGER … BTN_THUMBR: joysticks and gamepads.
    static let joystickButtons = UInt16(BTN_JOYSTICK)...UInt16(BTN_THUMBR)
    static let happyButtons = UInt16(BTN_TRIGGER_HAPPY)...UInt16(BTN_TRIGGER_HAPPY40)
    /// BTN_TOOL_PEN … BTN_TOOL_QUADTAP: what touches, never something pressed. BTN_STYLUS* lie between.
    static let toolButtons = UInt16(BTN_DIGI)...UInt16(BTN_TOOL_QUADTAP)

    static let isPointer = UInt16(INPUT_PROP_POINTER)
    static let isDirect = UInt16(INPUT_PROP_DIRECT)
    static let isButtonPad = UInt16(INPUT_PROP_BUTTONPAD)
    static let isSemiMultitouch = UInt16(INPUT_PROP_SEMI_MT)
    static let isTopButtonPad = UInt16(INPUT_PROP_TOPBUTTONPAD)
    static let isAccelerometer = UInt16(INPUT_PROP_ACCELEROMETER)

    /// Keys of the machine, not of a visitor: power and sleep buttons, brightness, radio switches, touchpad toggles.
    /// A device with nothing else stays with the system, so that its power button goes on working.
    static let systemKeys: Set<UInt16> = Set(
        [
            KEY_POWER, KEY_SLEEP, KEY_WAKEUP, KEY_SUSPEND, KEY_BRIGHTNESSDOWN, KEY_BRIGHTNESSUP, KEY_SWITCHVIDEOMODE,
            KEY_BATTERY, KEY_BLUETOOTH, KEY_WLAN, KEY_UWB, KEY_VIDEO_NEXT, KEY_VIDEO_PREV, KEY_BRIGHTNESS_CYCLE,
            KEY_BRIGHTNESS_AUTO, KEY_DISPLAY_OFF, KEY_WWAN, KEY_RFKILL, KEY_POWER2, KEY_BRIGHTNESS_MIN,
            KEY_BRIGHTNESS_MAX, KEY_TOUCHPAD_TOGGLE, KEY_TOUCHPAD_ON, KEY_TOUCHPAD_OFF, KEY_KBDILLUMTOGGLE,
            KEY_KBDILLUMDOWN, KEY_KBDILLUMUP,
        ].map { UInt16($0) })

    /// "KEY_1", "BTN_TRIGGER"; "KEY_0x2a1" for a code that this libevdev has no name for.
    static func keyName(_ code: UInt16) -> String {
        guard let name = libevdev_event_code_get_name(UInt32(EV_KEY), UInt32(code)) else {
            return "KEY_0x" + String(code, radix: 16)
        }
        return String(cString: name)
    }
}

/// One `input_event` without its time.
struct RawEvent: Equatable, Sendable {
    var type: UInt16
    var code: UInt16
    var value: Int32

    init(_ type: UInt16, _ code: UInt16, _ value: Int32) {
        self.type = type
        self.code = code
        self.value = value
    }
}
