import CUdev
import Glibc

/// What libudev announces of one subsystem.
final class UdevMonitor {
    let context: OpaquePointer
    private let monitor: OpaquePointer?
    /// Readable when `receive` has something; nil where nothing is announced (no netlink socket).
    let descriptor: Int32?
    /// Why there is no descriptor; 0 otherwise.
    let refusal: Int32

    /// Listening starts here.
    init(subsystem: String) throws(InputError) {
        guard let context = udev_new() else {
            throw InputError(
                reason: .noUdev, subject: "libudev", code: errnoName(errno),
                nextStep: "free memory and try again")
        }
        self.context = context
        // Without a running udevd nobody sends on udev's own group; the kernel's announcements come before any rule has
        // run, which is all there is on such a system (udev_monitor_new_from_netlink, libudev-monitor.c).
        let source = access("/run/udev/control", F_OK) == 0 ? "udev" : "kernel"
        monitor = udev_monitor_new_from_netlink(context, source)
        guard let monitor else {
            (descriptor, refusal) = (nil, errno)
            return
        }
        udev_monitor_filter_add_match_subsystem_devtype(monitor, subsystem, nil)
        let code = udev_monitor_enable_receiving(monitor)
        (descriptor, refusal) = code < 0 ? (nil, -code) : (udev_monitor_get_fd(monitor), 0)
    }

    deinit {
        udev_monitor_unref(monitor)
        udev_unref(context)
    }

    /// The next announcement, for the caller to release with udev_device_unref; nil when there is none.
    func receive() -> OpaquePointer? {
        monitor.flatMap { udev_monitor_receive_device($0) }
    }
}
