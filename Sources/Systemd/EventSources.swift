import CSystemd
import Glibc

// Each source owns its sd_event_source: released or cancelled, it is gone, and its handler is never called again. The
// callback borrows the Swift object; that is sound because the source cannot outlive it, and the object is retained for
// the length of the callback, within which it may be cancelled or released.

/// A watched descriptor.
public final class Watch {
    private var source: OpaquePointer?
    private var handler: (IOEvents) -> Void

    init(
        _ event: OpaquePointer, _ descriptor: Int32, _ events: IOEvents, _ priority: SourcePriority,
        _ handler: @escaping (IOEvents) -> Void
    ) throws(SystemdError) {
        self.handler = handler
        let result = sd_event_add_io(
            event, &source, descriptor, events.rawValue,
            { _, _, ready, context in
                guard let context else { return -EINVAL }
                let watch = Unmanaged<Watch>.fromOpaque(context).takeUnretainedValue()
                watch.handler(IOEvents(rawValue: ready))
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
        try SystemdError.check(result, "sd_event_add_io")
        sd_event_source_set_priority(source, priority.rawValue)
    }

    deinit { cancel() }

    /// Watches for these events from now on.
    public func change(to events: IOEvents) throws(SystemdError) {
        guard let source else { return }
        try SystemdError.check(sd_event_source_set_io_events(source, events.rawValue), "sd_event_source_set_io_events")
    }

    /// Ends the watch. Call it before the descriptor is closed.
    public func cancel() {
        source = sd_event_source_disable_unref(source)
        handler = { _ in }
    }
}

/// A timer that rings once for each time it is armed.
public final class Timer {
    private var source: OpaquePointer?
    private var handler: () -> Void
    private let clock: KernelClock

    init(
        _ event: OpaquePointer, _ clock: KernelClock, accuracyMilliseconds: Int64, _ priority: SourcePriority,
        _ handler: @escaping () -> Void
    ) throws(SystemdError) {
        self.handler = handler
        self.clock = clock
        // An accuracy of 0 would mean libsystemd's default of 250 ms.
        let result = sd_event_add_time(
            event, &source, clock.id, UInt64.max, UInt64(max(1, accuracyMilliseconds * 1000)),
            { _, _, context in
                guard let context else { return -EINVAL }
                Unmanaged<Timer>.fromOpaque(context).takeUnretainedValue().handler()
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
        try SystemdError.check(result, "sd_event_add_time")
        sd_event_source_set_enabled(source, off)
        sd_event_source_set_priority(source, priority.rawValue)
    }

    deinit { cancel() }

    /// Rings once after so many milliseconds; an earlier setting is replaced. Not more than 0 means the next round.
    public func arm(afterMilliseconds delay: Int64) throws(SystemdError) {
        try arm(atMilliseconds: clock.milliseconds + max(0, delay))
    }

    /// Rings once when the timer's clock stands at `time`.
    public func arm(atMilliseconds time: Int64) throws(SystemdError) {
        guard let source else { return }
        let microseconds = UInt64(max(0, time)) * 1000
        try SystemdError.check(sd_event_source_set_time(source, microseconds), "sd_event_source_set_time")
        try SystemdError.check(
            sd_event_source_set_enabled(source, oneShot), "sd_event_source_set_enabled")
    }

    /// Does not ring until armed again.
    public func disarm() {
        sd_event_source_set_enabled(source, off)
    }

    /// Whether it is going to ring.
    public var isArmed: Bool {
        source != nil && sd_event_source_get_enabled(source, nil) > 0
    }

    /// Ends the timer; it cannot be armed again.
    public func cancel() {
        source = sd_event_source_disable_unref(source)
        handler = {}
    }
}

/// A signal that is handled as an event.
public final class SignalWatch {
    private var source: OpaquePointer?
    private var handler: (Int32) -> Void
    private let number: Int32

    init(
        _ event: OpaquePointer, _ number: Int32, _ priority: SourcePriority, _ handler: @escaping (Int32) -> Void
    ) throws(SystemdError) {
        self.handler = handler
        self.number = number
        let result = sd_event_add_signal(
            event, &source, number,
            { _, _, context in
                guard let context else { return -EINVAL }
                let watch = Unmanaged<SignalWatch>.fromOpaque(context).takeUnretainedValue()
                watch.handler(watch.number)
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
        try SystemdError.check(result, "sd_event_add_signal")
        sd_event_source_set_priority(source, priority.rawValue)
    }

    deinit { cancel() }

    public func cancel() {
        source = sd_event_source_disable_unref(source)
        handler = { _ in }
    }
}

/// The signals that a process takes as events.
public enum SignalMask {
    /// Blocks the signals in this thread and in every thread started from it; call it first thing in the program, since
    /// a thread without the mask would take the signal's default action for the whole process.
    public static func block(_ signals: [Int32]) throws(SystemdError) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        let result = pthread_sigmask(SIG_BLOCK, &set, nil)
        guard result == 0 else { throw SystemdError("pthread_sigmask", code: result) }
    }
}

private let off = Int32(SD_EVENT_OFF)
private let oneShot = Int32(SD_EVENT_ONESHOT)
