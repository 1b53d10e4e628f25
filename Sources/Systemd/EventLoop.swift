import CSystemd
import Glibc

/// One thread's event loop over sd-event(3): descriptors, timers, signals and work posted from other threads.
///
/// A loop belongs to the thread that made it; every method but those of `mailbox` must be called there, which is
/// checked. Handlers run on that thread, one at a time, and may add, change and cancel any source, their own included.
/// Readiness is level-triggered: a handler that leaves data unread is called again.
public final class EventLoop {
    private let event: OpaquePointer
    private let thread: pthread_t
    private let postedWork: Watch

    /// Where other threads leave work for this one.
    public let mailbox: Mailbox

    public init() throws(SystemdError) {
        var created: OpaquePointer?
        try SystemdError.check(sd_event_new(&created), "sd_event_new")
        guard let created else { throw SystemdError("sd_event_new", code: ENOMEM) }
        let mailbox: Mailbox
        do {
            mailbox = try Mailbox()
            postedWork = try Watch(created, mailbox.descriptor, .readable, .done) { _ in mailbox.drain() }
        } catch {
            sd_event_unref(created)
            throw error
        }
        event = created
        thread = pthread_self()
        self.mailbox = mailbox
    }

    deinit {
        mailbox.close()
        postedWork.cancel()
        sd_event_unref(event)
    }

    /// Calls `handler` with what is ready on `descriptor` whenever any of `events` is, until the watch is cancelled or
    /// released. The descriptor stays the caller's and must outlive the watch. `.error` and `.hangUp` are always told;
    /// a handler that does not cancel upon them is called again at once.
    public func watch(
        _ descriptor: Int32, for events: IOEvents, priority: SourcePriority = .normal,
        handler: @escaping (IOEvents) -> Void
    ) throws(SystemdError) -> Watch {
        checkThread()
        return try Watch(event, descriptor, events, priority, handler)
    }

    /// A timer that is not armed yet. `accuracy` is how late it may ring, so that wake-ups can be shared.
    public func timer(
        on clock: KernelClock = .monotonic, accuracyMilliseconds accuracy: Int64 = 1,
        priority: SourcePriority = .normal, handler: @escaping () -> Void
    ) throws(SystemdError) -> Timer {
        checkThread()
        return try Timer(event, clock, accuracyMilliseconds: accuracy, priority, handler)
    }

    /// Calls `handler` with the number of a signal that came. Block the signal with `SignalMask.block` before the
    /// process starts its second thread, or that thread dies of it.
    public func onSignal(
        _ number: Int32, priority: SourcePriority = .important, handler: @escaping (Int32) -> Void
    ) throws(SystemdError) -> SignalWatch {
        checkThread()
        return try SignalWatch(event, number, priority, handler)
    }

    /// Handles events until `stop`; the result is the status that `stop` was given. A loop runs once.
    public func run() throws(SystemdError) -> Int32 {
        checkThread()
        return try SystemdError.check(sd_event_loop(event), "sd_event_loop")
    }

    /// Handles the events of one round and returns whether there were any; waits for them at most so long.
    @discardableResult
    public func turn(waitingAtMostMilliseconds wait: Int64) throws(SystemdError) -> Bool {
        checkThread()
        return try SystemdError.check(sd_event_run(event, UInt64(max(0, wait)) * 1000), "sd_event_run") > 0
    }

    /// Lets `run` return `status` (0…125) once the present handler is done.
    public func stop(status: Int32) {
        checkThread()
        // The only errors are a finished loop and a negative status; neither leaves anything to be done.
        _ = sd_event_exit(event, max(0, status))
    }

    /// Lets `value` travel through other threads' closures; only this loop's thread can take it out again.
    public func bound<Value>(_ value: Value) -> LoopBound<Value> {
        checkThread()
        return LoopBound(value: value, thread: thread)
    }

    private func checkThread() {
        precondition(pthread_equal(thread, pthread_self()) != 0, "an event loop is used on the thread that made it")
    }
}

/// A value that lives on a loop's thread, in the hands of another: what a worker's completion carries back.
public struct LoopBound<Value>: @unchecked Sendable {
    // Unchecked: the value is stored and copied elsewhere but read only behind the check of `value`.
    private let stored: Value
    private let thread: pthread_t

    fileprivate init(value: Value, thread: pthread_t) {
        stored = value
        self.thread = thread
    }

    /// The value; a call on any other thread than the loop's is our own bug and ends the program.
    public var value: Value {
        precondition(pthread_equal(thread, pthread_self()) != 0, "a bound value is opened on its loop's thread")
        return stored
    }
}

/// What is ready, or watched, on a descriptor (epoll_ctl(2)).
public struct IOEvents: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let readable = IOEvents(rawValue: 0x001)
    /// Out-of-band data, or a change of a sysfs file.
    public static let exceptional = IOEvents(rawValue: 0x002)
    public static let writable = IOEvents(rawValue: 0x004)
    public static let error = IOEvents(rawValue: 0x008)
    public static let hangUp = IOEvents(rawValue: 0x010)
}

/// Which of several ready sources is handled first.
public enum SourcePriority: Int64, Sendable {
    /// What is done already, before any event that may take it for missing.
    case done = -200
    case important = -100
    case normal = 0
    /// Only when nothing else is ready.
    case idle = 100
}
