import CEvdev
import CMtdev

/// Turns multitouch protocol A (every contact in every packet, no slots) into protocol B through mtdev. Events are put
/// in by hand, as libinput does, so that libevdev stays the only reader of the device.
final class MtdevConverter {
    /// mtdev tracks up to 32 contacts (DIM_FINGER in mtdev's common.h).
    static let slots = 32

    private let handle: UnsafeMutablePointer<mtdev>

    /// Set up from what libevdev read, not by mtdev_configure: that one asks the device again and adds a fuzz of 1/250 of
    /// the range, which would move taps.
    init?(_ capabilities: Capabilities) {
        guard let handle = mtdev_new() else { return nil }
        self.handle = handle
        guard mtdev_init(handle) == 0 else {
            mtdev_delete(handle)
            return nil
        }
        for (code, range) in capabilities.absolute where Code.multitouchAxes.contains(code) {
            mtdev_set_mt_event(handle, Int32(code), 1)
            mtdev_set_abs_minimum(handle, Int32(code), range.minimum)
            mtdev_set_abs_maximum(handle, Int32(code), range.maximum)
        }
    }

    deinit { mtdev_close_delete(handle) }

    /// One frame of protocol A as one frame of protocol B. Keys and other axes pass through. A packet in which nothing
    /// changed gives nothing; one with no contact in it, or a bare BTN_TOUCH 0, lifts what was there.
    func convert(_ frame: [RawEvent]) -> [RawEvent] {
        var result: [RawEvent] = []
        for event in frame + [RawEvent(Code.synchronise, Code.report, 0)] {
            var raw = input_event()
            (raw.type, raw.code, raw.value) = (event.type, event.code, event.value)
            mtdev_put_event(handle, &raw)
        }
        while mtdev_empty(handle) == 0 {
            var raw = input_event()
            mtdev_get_event(handle, &raw)
            if raw.type == Code.synchronise { continue }
            result.append(RawEvent(raw.type, raw.code, raw.value))
        }
        return result
    }
}
