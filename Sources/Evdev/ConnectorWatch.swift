import CUdev

/// Tells when a graphics card says that a screen was plugged in or unplugged, or that one has changed: the kernel then
/// sends a change of the subsystem `drm` (drm_kms_helper_hotplug_event, drm_probe_helper.c). It is here and not in
/// `Display` because libudev has one wrapper.
///
/// Not every socket can tell: VGA and many converters cannot, and the kernel asks those every 10 s at best.
public final class ConnectorWatch {
    /// Readable when `drain` has something to do.
    public let descriptor: Int32
    private let monitor: UdevMonitor

    /// Throws `noUdev` where no netlink socket can be had.
    public init() throws(InputError) {
        let monitor = try UdevMonitor(subsystem: "drm")
        guard let descriptor = monitor.descriptor else {
            throw InputError(
                reason: .noUdev, subject: "libudev", code: errnoName(monitor.refusal),
                nextStep: "allow netlink sockets (RestrictAddressFamilies=AF_NETLINK in the unit)")
        }
        self.descriptor = descriptor
        self.monitor = monitor
    }

    /// To be called when `descriptor` is readable. True when a card may have another screen than before.
    public func drain() -> Bool {
        var isTold = false
        for _ in 0..<InputLimits.udevMessagesPerTurn {
            guard let device = monitor.receive() else { break }
            udev_device_unref(device)
            isTold = true
        }
        return isTold
    }
}
