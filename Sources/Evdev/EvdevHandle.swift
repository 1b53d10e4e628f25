import CEvdev
import Glibc

/// One open event device: the descriptor, libevdev's state of it, and what libevdev would have dropped.
final class EvdevHandle {
    enum Reading {
        /// `synchronised`: from libevdev's comparison after SYN_DROPPED, not read from the device.
        case event(RawEvent, time: Int64, synchronised: Bool)
        /// Events were lost; what follows until `.empty` is synchronised.
        case dropped
        case empty
        case gone(code: String)
    }

    let descriptor: Int32
    private let device: OpaquePointer
    private var isSynchronising = false
    /// Tracking ids that libevdev filtered out while it looked for the next event.
    fileprivate var filtered: [(id: Int32, slot: Int32)] = []
    private var queued: [Reading] = []
    /// Whether the kernel stamps events with CLOCK_MONOTONIC.
    let isMonotonic: Bool

    init(path: String) throws(InputError) {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errnoName(errno)
            let isPermission = code == "EACCES" || code == "EPERM"
            throw InputError(
                reason: .cannotOpen, subject: printable(path), code: code,
                nextStep: isPermission
                    ? "run as root or as a member of the group \"input\"" : "plug the device in again")
        }
        var device: OpaquePointer?
        let result = libevdev_new_from_fd(descriptor, &device)
        guard result == 0, let device else {
            close(descriptor)
            throw InputError(
                reason: .notAnInputDevice, subject: printable(path), code: errnoName(-result),
                nextStep: "look at `dmesg` for its driver, then plug it in again")
        }
        self.descriptor = descriptor
        self.device = device
        // Old kernels and test beds refuse; then the caller's clock stands in for the kernel's.
        isMonotonic = libevdev_set_clock_id(device, CLOCK_MONOTONIC) == 0
        libevdev_set_device_log_function(
            device, { _, _, data, _, _, _, format, arguments in noteFiltered(data, format, arguments) },
            LIBEVDEV_LOG_ERROR, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        libevdev_free(device)  // Before the descriptor: it ungrabs.
        close(descriptor)
    }

    var name: String { libevdev_get_name(device).map { String(cString: $0) } ?? "" }
    var currentSlot: Int { max(0, Int(libevdev_get_current_slot(device))) }

    /// Nil when we are now the only reader, otherwise C's name of the refusal.
    func grab() -> String? {
        let result = libevdev_grab(device, LIBEVDEV_GRAB)
        return result == 0 ? nil : errnoName(-result)
    }

    /// The next event, without waiting.
    func next() -> Reading {
        if !queued.isEmpty { return queued.removeFirst() }
        let reading = read()
        guard !filtered.isEmpty else { return reading }
        // Each was dropped before `reading`, in order.
        var time: Int64 = 0
        if case .event(_, let stamp, _) = reading { time = stamp }
        let slot = libevdev_get_current_slot(device)
        for dropped in filtered {
            libevdev_set_slot_value(device, UInt32(dropped.slot), UInt32(Code.trackingID), dropped.id)
            queued.append(.event(RawEvent(Code.absolute, Code.slot, dropped.slot), time: time, synchronised: false))
            queued.append(.event(RawEvent(Code.absolute, Code.trackingID, dropped.id), time: time, synchronised: false))
        }
        filtered.removeAll(keepingCapacity: true)
        if case .event(let event, _, _) = reading, event.code == Code.slot, event.type == Code.absolute {
        } else {
            queued.append(.event(RawEvent(Code.absolute, Code.slot, slot), time: time, synchronised: false))
        }
        queued.append(reading)
        return queued.removeFirst()
    }

    private func read() -> Reading {
        while true {
            var event = input_event()
            let flags = isSynchronising ? LIBEVDEV_READ_FLAG_SYNC : LIBEVDEV_READ_FLAG_NORMAL
            let result = libevdev_next_event(device, flags.rawValue, &event)
            switch result {
            case Int32(LIBEVDEV_READ_STATUS_SUCCESS.rawValue):
                return reading(of: event, synchronised: false)
            case Int32(LIBEVDEV_READ_STATUS_SYNC.rawValue):
                if isSynchronising { return reading(of: event, synchronised: true) }
                isSynchronising = true
                return .dropped
            case -EAGAIN:
                guard isSynchronising else { return .empty }
                isSynchronising = false
            case -EINTR: continue
            default: return .gone(code: errnoName(-result))
            }
        }
    }

    private func reading(of event: input_event, synchronised: Bool) -> Reading {
        .event(
            RawEvent(event.type, event.code, event.value),
            time: Int64(event.time.tv_sec) * 1_000_000 + Int64(event.time.tv_usec), synchronised: synchronised)
    }

    // MARK: - What the device is, and how it was found

    func capabilities() -> Capabilities {
        func codes(_ type: UInt16, _ last: Int32) -> [UInt16] {
            (0...UInt16(last)).filter { libevdev_has_event_code(device, UInt32(type), UInt32($0)) == 1 }
        }
        var result = Capabilities()
        result.properties = Set((0...UInt16(INPUT_PROP_MAX)).filter { libevdev_has_property(device, UInt32($0)) == 1 })
        result.keys = Set(codes(Code.key, KEY_MAX))
        result.relative = Set(codes(Code.relative, REL_MAX))
        for code in codes(Code.absolute, ABS_MAX) {
            guard let axis = libevdev_get_abs_info(device, UInt32(code)) else { continue }
            result.absolute[code] = AxisRange(minimum: axis.pointee.minimum, maximum: axis.pointee.maximum)
        }
        result.slots = max(0, Int(libevdev_get_num_slots(device)))
        return result
    }

    /// The state in which the device was opened, as events: the kernel reports changes only, so coordinates of a slot, a
    /// finger on the glass and a held key must be asked for once.
    func state(of capabilities: Capabilities) -> [RawEvent] {
        var result: [RawEvent] = []
        for code in [Code.x, Code.y, Code.pressure] {
            guard let axis = libevdev_get_abs_info(device, UInt32(code)) else { continue }
            result.append(RawEvent(Code.absolute, code, axis.pointee.value))
        }
        let axes = [
            Code.multitouchX, Code.multitouchY, Code.multitouchDistance, Code.toolType, Code.trackingID,
        ].filter { capabilities.absolute[$0] != nil }
        for slot in 0..<min(capabilities.slots, InputLimits.slots) {
            result.append(RawEvent(Code.absolute, Code.slot, Int32(slot)))
            for axis in axes {
                result.append(
                    RawEvent(
                        Code.absolute, axis, libevdev_get_slot_value(device, UInt32(slot), UInt32(axis))))
            }
        }
        if capabilities.slots > 0 { result.append(RawEvent(Code.absolute, Code.slot, Int32(currentSlot))) }
        for key in capabilities.keys.sorted()
        where libevdev_get_event_value(device, UInt32(Code.key), UInt32(key)) != 0 {
            result.append(RawEvent(Code.key, key, 1))
        }
        return result
    }
}

/// libevdev's log, called from within libevdev_next_event. Everything but the one message is dropped: it would go to
/// standard error with the device's name in it, unescaped.
private func noteFiltered(
    _ data: UnsafeMutableRawPointer?, _ format: UnsafePointer<CChar>?, _ arguments: CVaListPointer?
) {
    guard let data, let format, let arguments else { return }
    var id: Int32 = 0
    var slot: Int32 = 0
    guard otsenka_double_tracking_id(format, arguments, &id, &slot) == 1, id >= 0, slot >= 0 else { return }
    let handle = Unmanaged<EvdevHandle>.fromOpaque(data).takeUnretainedValue()
    if handle.filtered.count < InputLimits.eventsPerFrame { handle.filtered.append((id, slot)) }
}
