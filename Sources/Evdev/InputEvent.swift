/// A device for as long as it stays plugged in; a replugged one gets a new id. Never reused within a process.
public struct DeviceID: Hashable, Sendable {
    public let number: Int

    public init(_ number: Int) { self.number = number }
}

/// One decoded change on one device, in the order in which the kernel reported them.
public struct InputEvent: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// A finger (or the button of an absolute pointer) came down at `x`, `y`: 0…1 from the left and from the top of
        /// the picture, after calibration and rotation. `contact` is unique over all devices and never reused.
        case down(contact: Int, x: Double, y: Double)
        case move(contact: Int, x: Double, y: Double)
        /// The contact ended where it was last seen. `cancelled`: it did not end by a lift that we read (the device
        /// went away, the reader fell behind, the panel called it a palm), so nothing may be concluded from it.
        case up(contact: Int, x: Double, y: Double, cancelled: Bool)
        /// A key or button. `code` and `name` as in linux/input-event-codes.h ("KEY_1"). Repeats are not reported.
        case key(code: Int, name: String, pressed: Bool)
        case deviceAdded(DeviceDescription)
        case deviceRemoved(DeviceDescription)
        /// A device that is left alone; `leftAloneBecause` of the description says why.
        case ignored(DeviceDescription)
    }

    public var device: DeviceID
    /// Microseconds of CLOCK_MONOTONIC when the kernel saw the change; the time of reading where the kernel's
    /// stamp is on another clock (EVIOCSCLOCKID refused).
    public var time: Int64
    public var kind: Kind
    /// The edge was not read but concluded: from libevdev's synchronisation after SYN_DROPPED, from the state in which
    /// the device was opened, from silence, or from the device going away. A synthesised edge is never a press.
    public var synthesised: Bool

    public init(device: DeviceID, time: Int64, kind: Kind, synthesised: Bool) {
        self.device = device
        self.time = time
        self.kind = kind
        self.synthesised = synthesised
    }

    /// Whether somebody pressed here and now: a contact came down or a key was pressed, and we read it happen.
    public var isPress: Bool {
        guard !synthesised else { return false }
        return switch kind {
        case .down, .key(_, _, pressed: true): true
        default: false
        }
    }
}

/// What a device gives, decided by its capabilities.
public enum DeviceClass: String, Sendable, CaseIterable {
    /// A touch panel with slots (multitouch protocol B).
    case slots
    /// A touch panel that sends every contact in every packet (multitouch protocol A), decoded through mtdev.
    case packets
    /// A touch panel with one contact: ABS_X, ABS_Y and BTN_TOUCH, or pressure alone.
    case singleTouch = "single-touch"
    /// ABS_X, ABS_Y and BTN_LEFT: virtual tablets and many point-of-sale panels.
    case pointer
    /// Keys only: button boxes, keypads, pedals, barcode scanners that type.
    case keys
}

/// One line about a device, for `status`, `doctor` and the log.
public struct DeviceDescription: Equatable, Sendable {
    public enum Grab: Equatable, Sendable {
        case grabbed
        /// Not asked for, or the device is left alone.
        case notAsked
        /// Somebody else may read along, or holds the device and we read nothing; `code` as in errno.h ("EBUSY").
        case failed(code: String)
    }

    public var id: DeviceID
    /// The kernel's name with control characters escaped, fit to print.
    public var name: String
    /// "/dev/input/event3"
    public var path: String
    /// udev's ID_PATH: the socket that the device is plugged into, stable over replugging. Nil without udev rules.
    public var socket: String?
    public var deviceClass: DeviceClass?
    public var grab: Grab
    /// Why the device is left alone, nil for one that is read.
    public var leftAloneBecause: String?
}

/// Every limit of this module in one place.
public enum InputLimits {
    /// Devices read at once; a kiosk has two or three, and each costs a descriptor.
    public static let devices = 64
    /// Devices remembered as left alone, so that plugging one in and out for a year does not grow a list.
    public static let leftAloneDevices = 128
    /// Slots of one panel. The kernel's uinput refuses more than 100, infrared frames report up to 40 fingers.
    public static let slots = 100
    /// Raw events between two SYN_REPORT. A hundred slots with a dozen axes each stay below.
    public static let eventsPerFrame = 2048
    /// Raw events read from one device in one turn of the loop; the rest waits for the next turn.
    public static let eventsPerTurn = 8192
    /// udev messages read in one turn of the loop.
    public static let udevMessagesPerTurn = 256
    /// Characters of a device name that are printed; the kernel gives at most 255 bytes.
    public static let nameCharacters = 120
    /// How far outside its announced range, as a share of that range, a coordinate is still believed and clamped.
    /// Panels overshoot their edge by a few per cent; beyond a tenth it is a driver's garbage (a Raspberry Pi panel
    /// reports y = −3616 on 0…479) and clamping it would press whatever stands at the edge, so it is dropped.
    public static let overshoot = 0.1
    /// Silence after which a finger on a protocol A panel that never announces a lift counts as lifted.
    public static let liftSilenceMilliseconds: Int64 = 500
}
