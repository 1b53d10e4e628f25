import Drawing
import Foundation
import Glibc
import RealPrograms

/// A PC without a keyboard: QEMU in software emulation under OVMF, with a multitouch panel, a box of buttons, an absolute
/// pointer, a network card and one disk, which outlives each start. Used by one thread.
///
/// Never KVM: /dev/kvm may open and still be useless (`testbench.md`).
public final class Emulator {
    public static let (width, height) = (1280, 800)
    /// What QEMU's EDID says of that size.
    public static let millimetres = (width: 320, height: 200)

    public let folder: String
    public var disk: String { folder + "/disk.img" }
    public var log: String { folder + "/qemu.log" }
    /// What the machine wrote to its serial line since its start.
    var serial: String { folder + "/serial.log" }
    private let pace: Pace
    /// What is built in at the next start.
    public var parts = Parts()
    /// A drive that forgets, in place of the ordinary one.
    public var drive: Drive?
    fileprivate var fingers = 0
    private var machine: Child?
    private var monitor: Monitor?
    private var seen: (bytes: Data, picture: Bitmap)?

    /// By what the guest's time goes.
    public enum Pace: String, CaseIterable, Sendable {
        /// By this machine's clock.
        case clock
        /// By instructions, 250 million a second: a host that is busy with other work makes the guest
        /// slow, and no time-out in it runs out for that.
        case instructions

        fileprivate var arguments: [String] {
            switch self {
            case .clock: ["-accel", "tcg,thread=multi"]
            case .instructions: ["-accel", "tcg", "-icount", "shift=2,sleep=on"]
            }
        }
    }

    /// What a machine may lack, and its battery.
    public struct Parts: Sendable {
        public var hasScreen = true
        /// A multitouch panel and a box of buttons.
        public var hasInput = true
        /// What the clock of the machine says at the start, as QEMU's `-rtc base` takes it; nothing for the true time.
        public var clock: String?

        public init() {}
    }

    /// Takes a copy of `image` as its disk, of so many MiB. A cut is a process that ends, not this host: no flush goes to its disk.
    public init(image: String, folder: String, pace: Pace, diskMiB: Int = 4096) throws {
        self.folder = folder
        self.pace = pace
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        _ = try Child.output(["cp", "--sparse=always", image, folder + "/disk.img"], log: folder + "/copy.log")
        _ = try Child.output(["truncate", "-s", "\(diskMiB)M", folder + "/disk.img"], log: folder + "/copy.log")
    }

    /// Puts a file on the boot partition, as a technician does after flashing.
    public func put(_ text: String, as name: String) throws {
        let path = folder + "/" + name
        try Data(text.utf8).write(to: URL(filePath: path))
        _ = try Child.output(["mcopy", "-o", "-i", disk + "@@1M", path, "::/" + name], log: folder + "/mcopy.log")
    }

    /// Whether the boot partition has a file of that name.
    public func has(_ name: String) throws -> Bool {
        try Child(["mdir", "-i", disk + "@@1M", "::/" + name], log: folder + "/mdir.log").wait() == 0
    }

    /// Presses the power button.
    public func start() throws {
        let variables = folder + "/vars.fd"
        // A variable store of another disk drops to the firmware's shell.
        try? FileManager.default.removeItem(atPath: variables)
        try FileManager.default.copyItem(atPath: "/usr/share/OVMF/OVMF_VARS_4M.fd", toPath: variables)
        let socket = folder + "/qmp"
        unlink(socket)
        unlink(serial)
        try drive?.start()
        machine = try Child(
            [
                // One processor: guests with two, beside others, waited for each other and once for ever, at the start of the kernel.
                "qemu-system-x86_64", "-machine", parts.machine, "-smp", "1", "-m", "1024",
                "-nodefaults", "-display", "none", "-no-reboot",
                // q35's own watchdog would end a guest that a busy host keeps waiting.
                "-action", "watchdog=none",
                "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd",
                "-drive", "if=pflash,format=raw,unit=1,file=\(variables)",
                "-device", "qemu-xhci,id=usb", "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,id=card",
                "-qmp", "unix:\(socket),server=on,wait=off", "-serial", "file:\(serial)",
            ] + (drive?.arguments ?? ["-drive", "file=\(disk),format=raw,if=none,id=disk,cache=unsafe"])
                + ["-device", "virtio-blk-pci,drive=disk,bootindex=1,id=disk0"] + parts.arguments + pace.arguments,
            log: log)
        monitor = try Monitor(path: socket, log: log)
    }

    /// Pulls the plug: the guest's memory is gone, what the drive was told to keep is not.
    public func cut() {
        machine?.end(SIGKILL)
        (machine, monitor) = (nil, nil)
    }

    public var hasEnded: Bool { machine?.hasEnded ?? true }
    /// The process, for whoever cuts its power at a moment of their own; it stays a zombie until `cut`.
    var process: pid_t? { machine?.pid }

    private func running() throws -> Monitor {
        guard let monitor else { throw ChildError("the emulator is off") }
        if hasEnded {
            monitor.hearOut()
            throw ChildError("the emulator has ended (\(monitor.ending ?? "nobody says why")); see \(log)")
        }
        return monitor
    }

    /// What the panel shows now.
    public func picture() throws -> Bitmap {
        let path = folder + "/now.png"
        try running().call("screendump", ["filename": path, "format": "png"])
        let bytes = try Data(contentsOf: URL(filePath: path))
        // Most looks see what the one before has seen.
        if let seen, seen.bytes == bytes { return seen.picture }
        let picture = try Bitmap(png: bytes)
        seen = (bytes, picture)
        return picture
    }

    /// Plugs a device of QEMU in while the machine runs, or pulls it out.
    public func plug(_ driver: String, id: String, _ more: [String: Any] = [:]) throws {
        try running().call("device_add", ["driver": driver, "id": id].merging(more) { $1 })
    }

    public func unplug(_ id: String) throws { try running().call("device_del", ["id": id]) }

    /// A back end of QEMU: a network for a card, a file for a stick.
    public func add(_ command: String, _ arguments: [String: Any]) throws {
        try running().call(command, arguments)
    }

    /// By the machine's own drive: naming QEMU's node would wait for the flush that is held up, for ever.
    private static let gate = "qemu-io -d /machine/peripheral/disk0/virtio-backend"

    /// Holds up the next flush of the drive that forgets, until `releaseFlush`.
    public func holdFlush() throws { _ = try running().human("\(Self.gate) \"break flush_to_disk held\"") }

    /// Whether there was one to let go. QEMU says so in its log only.
    public func releaseFlush() throws -> Bool {
        let before = try refusals()
        _ = try running().human("\(Self.gate) \"resume held\"")
        return try refusals() == before
    }

    private func refusals() throws -> Int {
        try String(contentsOf: URL(filePath: log), encoding: .utf8).ranges(of: "Could not resume request").count
    }

    /// Presses the power button for a moment, as QEMU's ACPI tells of it.
    public func pressPowerButton() throws { try running().call("system_powerdown") }

    /// Plugs in an absolute pointer. QEMU gives buttons to the newest device that has any: fingers are over then.
    public func plugPointer() throws {
        try running().call("device_add", ["driver": "usb-tablet", "bus": "usb.0", "port": "1", "id": "pointer"])
    }

    /// Plugs the network cable in, or pulls it.
    public func setCable(_ isIn: Bool) throws { try running().call("set_link", ["name": "card", "up": isIn]) }
}

// MARK: What a visitor does

extension Emulator {
    /// A finger at a pixel, down for 80 ms.
    public func touch(x: Int, y: Int) throws { try lay(fingersAt: [(x, y)], seconds: 0.08) }

    /// Fingers that come down together, one after the other, and lie for so many seconds.
    public func lay(fingersAt places: [(x: Int, y: Int)], seconds: Double) throws {
        func contact(_ type: String, _ slot: Int, _ more: [String: Any] = [:], finger: Int) -> [String: Any] {
            let data: [String: Any] = ["type": type, "slot": slot, "tracking-id": finger, "axis": "x", "value": 0]
            return ["type": "mtt", "data": data.merging(more) { $1 }]
        }
        for (slot, place) in places.enumerated() {
            fingers += 1
            try send([
                contact("begin", slot, finger: fingers),
                contact("data", slot, ["axis": "x", "value": Self.absolute(place.x, of: Self.width)], finger: fingers),
                contact(
                    "data", slot, ["axis": "y", "value": Self.absolute(place.y, of: Self.height)], finger: fingers),
                Self.button("touch", isDown: true),
            ])
        }
        usleep(UInt32(seconds * 1_000_000))
        for slot in places.indices { try send([contact("end", slot, finger: -1)]) }
        try send([Self.button("touch", isDown: false)])
    }

    /// The absolute pointer with its left button, as many resistive panels are.
    public func click(x: Int, y: Int) throws {
        func axis(_ name: String, _ value: Int) -> [String: Any] {
            ["type": "abs", "data": ["axis": name, "value": value]]
        }
        try send([
            axis("x", Self.absolute(x, of: Self.width)), axis("y", Self.absolute(y, of: Self.height)),
        ])
        try send([Self.button("left", isDown: true)])
        usleep(80_000)
        try send([Self.button("left", isDown: false)])
    }

    /// A button of the box, by QEMU's name of the key.
    public func press(_ key: String) throws {
        for isDown in [true, false] {
            let data: [String: Any] = ["down": isDown, "key": ["type": "qcode", "data": key]]
            try send([["type": "key", "data": data]])
            usleep(80_000)
        }
    }

    /// Keys that are down together, by QEMU's names, down for 40 ms.
    public func chord(_ keys: [String]) throws {
        func event(_ key: String, _ isDown: Bool) -> [String: Any] {
            ["type": "key", "data": ["down": isDown, "key": ["type": "qcode", "data": key]]]
        }
        for key in keys { try send([event(key, true)]) }
        usleep(40_000)
        for key in keys.reversed() { try send([event(key, false)]) }
    }

    private func send(_ events: [[String: Any]]) throws { try running().call("input-send-event", ["events": events]) }

    private static func button(_ name: String, isDown: Bool) -> [String: Any] {
        ["type": "btn", "data": ["button": name, "down": isDown]]
    }

    /// QEMU's axes go from 0 to 32767, whatever the panel.
    private static func absolute(_ pixel: Int, of size: Int) -> Int { (pixel * 32767 + size / 2) / size }
}

extension Emulator.Parts {
    /// Without input there is no PS/2 keyboard either.
    fileprivate var machine: String { hasInput ? "q35" : "q35,i8042=off" }

    fileprivate var arguments: [String] {
        var words: [String] = []
        if hasScreen { words += ["-device", "VGA,xres=\(Emulator.width),yres=\(Emulator.height)"] }
        if hasInput { words += ["-device", "virtio-multitouch-pci", "-device", "virtio-keyboard-pci"] }
        if let clock { words += ["-rtc", "base=\(clock)"] }
        return words
    }
}
