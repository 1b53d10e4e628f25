import Dialog
import Evdev
import Logging
import Systemd

/// Keeps the input devices on the loop and hands their edges on.
final class InputDriver {
    private let loop: EventLoop
    private let manager: InputManager
    private let logger: Logger
    private let handle: (InputEvent, Int64) -> Void
    private var watches: [Int32: Watch] = [:]
    private var deadline: Timer?

    /// Throws `InputError` when libudev cannot start. `handle` hears every edge in order, with the time
    /// at which reading it began (nanoseconds of CLOCK_MONOTONIC).
    init(
        loop: EventLoop, settings: InputSettings, logger: Logger, handle: @escaping (InputEvent, Int64) -> Void
    ) throws {
        self.loop = loop
        self.logger = logger
        self.handle = handle
        manager = try InputManager(settings: settings)
        deadline = try loop.timer(priority: .important) { [weak self] in self?.deadlineCame() }
        manager.onWatch = { [weak self] descriptor in self?.watch(descriptor) }
        manager.onUnwatch = { [weak self] descriptor in self?.watches.removeValue(forKey: descriptor)?.cancel() }
    }

    /// Opens the devices that are there and follows those that come.
    func start() {
        let began = KernelClock.monotonic.nanoseconds
        let events = manager.start(now: began / 1000)
        for descriptor in manager.fileDescriptors where watches[descriptor] == nil { watch(descriptor) }
        deliver(events, readAt: began)
        if let error = manager.permissionError {
            logger.error("an input device may not be opened", metadata: ["cause": "\(error)"])
        }
    }

    func stop() {
        for watch in watches.values { watch.cancel() }
        watches = [:]
        deadline?.cancel()
    }

    /// Devices that are read, and devices that are left alone with the reason.
    var descriptions: [DeviceDescription] { manager.descriptions }

    /// Whether a device was kept shut for want of permission.
    var isForbidden: Bool { manager.permissionError != nil }

    /// Whether anybody can press anything.
    var hasDevices: Bool { manager.descriptions.contains { $0.leftAloneBecause == nil } }

    private func watch(_ descriptor: Int32) {
        do {
            watches[descriptor] = try loop.watch(descriptor, for: .readable, priority: .important) { [weak self] _ in
                guard let self else { return }
                let began = KernelClock.monotonic.nanoseconds
                deliver(manager.handleReadable(descriptor, now: began / 1000), readAt: began)
            }
        } catch {
            logger.error("an input device cannot be watched", metadata: ["cause": "\(error)"])
        }
    }

    private func deadlineCame() {
        let began = KernelClock.monotonic.nanoseconds
        deliver(manager.handleDeadline(now: began / 1000), readAt: began)
    }

    private func deliver(_ events: [InputEvent], readAt: Int64) {
        for event in events {
            log(event)
            handle(event, readAt)
        }
        guard let next = manager.nextDeadline else {
            deadline?.disarm()
            return
        }
        // Milliseconds rounded up: a timer that rings early would ring again at once.
        try? deadline?.arm(atMilliseconds: (next + 999) / 1000)
    }

    private func log(_ event: InputEvent) {
        switch event.kind {
        case .deviceAdded(let device):
            logger.notice(
                "an input device is read",
                metadata: ["device": "\(device.name)", "path": "\(device.path)", "grab": "\(device.grab)"])
        case .deviceRemoved(let device):
            logger.notice("an input device is gone", metadata: ["device": "\(device.name)", "path": "\(device.path)"])
        case .ignored(let device):
            logger.info(
                "an input device is left alone",
                metadata: ["device": "\(device.name)", "why": "\(device.leftAloneBecause ?? "")"])
        default: break
        }
    }
}
