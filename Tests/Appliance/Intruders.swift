import Foundation
import Glibc
import RealPrograms

/// USB devices that nobody allowed, in a port of their own.
struct Intruders {
    /// One kind, by QEMU's names.
    struct Intruder: CustomStringConvertible {
        let description: String
        let driver: String
        var more: [String: String] = [:]
        var isBehindHub = false
        /// QEMU gives keys to the newest keyboard.
        var types: Bool { driver == "usb-kbd" }
    }

    static let all = [
        Intruder(description: "a keyboard", driver: "usb-kbd"),
        Intruder(description: "a mouse", driver: "usb-mouse"),
        Intruder(description: "a stick", driver: "usb-storage", more: ["drive": "foreign-stick"]),
        Intruder(description: "a network card", driver: "usb-net", more: ["netdev": "foreign-net"]),
        Intruder(description: "a serial line", driver: "usb-serial", more: ["chardev": "foreign-line"]),
        Intruder(description: "a hub with a keyboard", driver: "usb-kbd", isBehindHub: true),
    ]

    private static let (port, device, hub) = ("3", "intruder", "intruders-hub")
    private let kiosk: Emulator

    /// Makes what the devices need on the host; the kiosk must run.
    init(_ kiosk: Emulator) throws {
        self.kiosk = kiosk
        let stick = kiosk.folder + "/foreign.img"
        try Data(count: 16 << 20).write(to: URL(filePath: stick))
        _ = try Child.output(["mformat", "-i", stick, "::"], log: stick + ".log")
        try kiosk.add("blockdev-add", ["driver": "file", "filename": stick, "node-name": "foreign-stick"])
        try kiosk.add("netdev_add", ["type": "user", "id": "foreign-net"])
        try kiosk.add("chardev-add", ["id": "foreign-line", "backend": ["type": "null", "data": [String: Any]()]])
    }

    func plug(_ intruder: Intruder) throws {
        if intruder.isBehindHub { try kiosk.plug("usb-hub", id: Self.hub, ["bus": "usb.0", "port": Self.port]) }
        try kiosk.plug(
            intruder.driver, id: Self.device,
            intruder.more.merging(["bus": "usb.0", "port": Self.port + (intruder.isBehindHub ? ".1" : "")]) { $1 })
    }

    func unplug(_ intruder: Intruder) throws {
        try kiosk.unplug(Self.device)
        if intruder.isBehindHub { try kiosk.unplug(Self.hub) }
    }
}

extension Hall {
    /// What a script inside sees before and after: devices that are heard, network cards, disks, mounts, and whether anything of
    /// ours was started anew. It looks again once the pointer is there, which a kiosk takes in any port.
    private static let watch = """
        state() {
            grep '^N: ' /proc/bus/input/devices | grep -v Tablet | sed "s/^/$1 input /"
            ls /sys/class/net | sed "s/^/$1 network /"
            ls /sys/block | sed "s/^/$1 disk /"
            sort /proc/1/mounts | sed "s/^/$1 mount /"
            systemctl show -p NRestarts --value otsenka-kiosk otsenka-uplink | sed "s/^/$1 restarts /"
        }
        until [ "$(systemctl is-active otsenka-uplink)" = active ]; do sleep 1; done
        sleep 20
        state before
        echo watching
        until grep -q Tablet /proc/bus/input/devices; do sleep 2; done
        state after
        """

    /// G41: intruders come and go so many times, and nothing comes of it.
    public func usbCycles(_ cycles: Int) throws {
        let probe = try Probe.start(Self.watch, on: kiosk)
        try probe.waitFor("watching")
        try see("idle")
        let intruders = try Intruders(kiosk)
        for cycle in 1...cycles {
            let intruder = Intruders.all[cycle % Intruders.all.count]
            try intruders.plug(intruder)
            try expectIdle(seconds: 1.5, after: "\(intruder) was plugged in, cycle \(cycle)")
            if intruder.types { try kiosk.press("1") }
            try intruders.unplug(intruder)
            try expectIdle(seconds: 1, after: "\(intruder) was pulled out, cycle \(cycle)")
            if cycle % 50 == 0 { say("\(cycle) of \(cycles) cycles: the dialog stands") }
        }
        try kiosk.plugPointer()
        let seen = try probe.hear()
        let (before, after) = (seen.words(after: "before"), seen.words(after: "after"))
        guard !before.isEmpty, before == after else {
            let changes = after.filter { !before.contains($0) } + before.filter { !after.contains($0) }
            throw ChildError("this has changed: \(changes.map { $0.joined(separator: " ") }.joined(separator: "; "))")
        }
        say("\(cycles) cycles: no input device, network card, disk or mount came, and nothing was started anew")
    }
}
