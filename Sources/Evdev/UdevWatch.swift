import CUdev
import Glibc

/// What udev knows of one event device.
struct UdevNode: Equatable {
    enum Action: Equatable { case added, removed }

    var action: Action
    /// "/dev/input/event3"
    var path: String
    var systemPath: String
    var socket: String?
    var calibration: String?
    /// LIBINPUT_IGNORE_DEVICE: an administrator's way to keep a device out.
    var isIgnored: Bool
}

/// libudev's list of event devices and its announcements of changes.
final class UdevWatch {
    private let monitor: UdevMonitor
    /// Readable when `changes` has something; nil where hot-plug cannot be had (no netlink socket).
    var descriptor: Int32? { monitor.descriptor }

    /// Listening starts here, so that what is plugged in between this and `devices` is seen at least once.
    init() throws(InputError) {
        monitor = try UdevMonitor(subsystem: "input")
    }

    /// Every event device there is now, in the order of their numbers.
    func devices() -> [UdevNode] {
        guard let list = udev_enumerate_new(monitor.context) else { return [] }
        defer { udev_enumerate_unref(list) }
        udev_enumerate_add_match_subsystem(list, "input")
        udev_enumerate_add_match_sysname(list, "event*")
        guard udev_enumerate_scan_devices(list) >= 0 else { return [] }
        var nodes: [UdevNode] = []
        var entry = udev_enumerate_get_list_entry(list)
        while let current = entry {
            entry = udev_list_entry_get_next(current)
            guard let path = udev_list_entry_get_name(current),
                let device = udev_device_new_from_syspath(monitor.context, path)
            else { continue }
            defer { udev_device_unref(device) }
            if let node = node(device, .added) { nodes.append(node) }
        }
        return nodes.sorted { number(of: $0.path) < number(of: $1.path) }
    }

    /// What was announced since the last call, up to `InputLimits.udevMessagesPerTurn`; poll(2) tells of the rest.
    func changes() -> [UdevNode] {
        var nodes: [UdevNode] = []
        for _ in 0..<InputLimits.udevMessagesPerTurn {
            guard let device = monitor.receive() else { break }
            defer { udev_device_unref(device) }
            let action = udev_device_get_action(device).map { String(cString: $0) }
            if let node = node(device, action == "remove" ? .removed : .added) { nodes.append(node) }
        }
        return nodes
    }

    private func node(_ device: OpaquePointer, _ action: UdevNode.Action) -> UdevNode? {
        guard let name = udev_device_get_sysname(device), String(cString: name).hasPrefix("event"),
            let path = udev_device_get_devnode(device), let systemPath = udev_device_get_syspath(device)
        else { return nil }
        func property(_ key: String) -> String? {
            udev_device_get_property_value(device, key).map { String(cString: $0) }
        }
        let ignore = property("LIBINPUT_IGNORE_DEVICE")
        return UdevNode(
            action: action, path: String(cString: path), systemPath: String(cString: systemPath),
            socket: property("ID_PATH"), calibration: property("LIBINPUT_CALIBRATION_MATRIX"),
            isIgnored: ignore != nil && ignore != "0")
    }

    private func number(of path: String) -> Int { Int(path.drop { !$0.isNumber }) ?? Int.max }
}
