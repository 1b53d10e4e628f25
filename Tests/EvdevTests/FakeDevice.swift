import Foundation

/// An evdev device that umockdev plays: what it can report and what it reports.
struct FakeDevice {
    struct Event {
        var gap = 0.0
        var type: Int
        var code: Int
        var value: Int
    }
    struct Axis {
        var code: Int
        var minimum: Int
        var maximum: Int
        var resolution = 0
    }

    var name: String
    var number = 7
    /// By event type, as in /sys; type −1 holds the properties.
    var bits: [Int: [UInt8]] = [0: [1]]
    var axes: [Axis] = []
    var udev: [String: String] = [:]
    var events: [Event] = []

    var node: String { "/dev/input/event\(number)" }
    static let properties = -1

    init(
        _ name: String, properties: [Int] = [], keys: [Int] = [], relative: [Int] = [], axes: [Axis] = [],
        udev: [String: String] = [:]
    ) {
        self.name = name
        self.udev = udev
        self.axes = axes
        setBits(properties, of: Self.properties)
        for (type, codes) in [(1, keys), (2, relative), (3, axes.map(\.code))] where !codes.isEmpty {
            setBits(codes, of: type)
            setBits([type], of: 0)
        }
    }

    /// An evemu description: `N:` name, `P:` properties, `B:` bits by type, `A:` axes. Numbers are hexadecimal, except
    /// an axis's limits.
    init(evemu text: String) {
        self.init("")
        bits = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            let hex = fields.dropFirst().compactMap { UInt8($0, radix: 16) }
            switch fields.first {
            case "N:": name = String(line.dropFirst(3))
            case "P:": bits[Self.properties, default: []] += hex
            case "B:": bits[Int(hex[0]), default: []] += hex.dropFirst()
            case "A:":
                let numbers = fields.dropFirst(2).compactMap { Int($0) }
                axes.append(Axis(code: Int(hex[0]), minimum: numbers[0], maximum: numbers[1]))
            default: break
            }
        }
    }

    private mutating func setBits(_ codes: [Int], of type: Int) {
        for code in codes {
            var bytes = bits[type] ?? []
            while bytes.count <= code / 8 { bytes.append(0) }
            bytes[code / 8] |= 1 << UInt8(code % 8)
            bits[type] = bytes
        }
    }

    func range(of code: Int) -> Axis? { axes.first { $0.code == code } }

    // MARK: - What it reports

    /// One frame; `after` seconds since the one before.
    mutating func frame(after gap: Double = 0, _ events: [(type: Int, code: Int, value: Int)]) {
        for (index, event) in (events + [(0, 0, 0)]).enumerated() {
            self.events.append(
                Event(gap: index == 0 ? gap : 0, type: event.type, code: event.code, value: event.value))
        }
    }

    /// `E:` lines of an evemu recording. Pauses are shortened to two milliseconds: nothing decoded here depends on
    /// them, and the tests are quick.
    mutating func play(evemu text: String) {
        var last: Double?
        for line in text.split(separator: "\n") where line.hasPrefix("E:") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 5, let time = Double(fields[1]), let type = Int(fields[2], radix: 16),
                let code = Int(fields[3], radix: 16)
            else { continue }
            let value = Int(fields[4].prefix { !$0.isWhitespace }) ?? 0
            events.append(Event(gap: min(max(time - (last ?? time), 0), 0.002), type: type, code: code, value: value))
            last = time
        }
    }

    // MARK: - umockdev's files

    /// Writes description, ioctl answers and events; gives the arguments that make umockdev-run load them.
    func write(into folder: URL) throws -> [String] {
        func file(_ suffix: String, _ text: String) throws -> String {
            let url = folder.appending(path: "event\(number).\(suffix)")
            try text.write(to: url, atomically: true, encoding: .utf8)
            return url.path
        }
        let script = try file("events", eventLines)
        return try [
            "-d", file("umockdev", description), "-i", "\(node)=\(file("ioctl", ioctls))", "-e", "\(node)=\(script)",
        ]
    }

    private var description: String {
        let parent = "/devices/pci0000:00/usb1/1-\(number)/input/input\(number)"
        let properties = udev.sorted { $0.key < $1.key }.map { "E: \($0.key)=\($0.value)\n" }.joined()
        return """
            P: \(parent)/event\(number)
            N: input/event\(number)
            E: DEVNAME=\(node)
            E: SUBSYSTEM=input
            E: MAJOR=13
            E: MINOR=\(64 + number)
            \(properties)A: dev=13:\(64 + number)
            L: device=../../input\(number)

            P: \(parent)
            E: SUBSYSTEM=input


            """
    }

    /// libevdev asks with these very sizes, and umockdev answers only to them.
    private var ioctls: String {
        func hex(_ bytes: [UInt8], _ size: Int) -> String {
            (bytes.prefix(size) + [UInt8](repeating: 0, count: max(0, size - bytes.count)))
                .map { String(format: "%02X", $0) }.joined()
        }
        func word(_ value: Int) -> String {
            let bits = UInt32(truncatingIfNeeded: value)
            return hex([0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> $0) }, 4)
        }
        var lines = ["@DEV \(node)", "EVIOCGVERSION 0 01000100", "EVIOCGID 0 0300341278560100"]
        lines.append("EVIOCGNAME(0) \(name.utf8.count + 1) \(hex(Array(name.utf8), 255))")
        lines += ["EVIOCGPHYS(0) 1 \(hex([], 255))", "EVIOCGUNIQ(0) 1 \(hex([], 255))"]
        lines.append("EVIOCGPROP(0) 8 \(hex(bits[Self.properties] ?? [], 8))")
        for (type, size) in [(0, 8), (1, 96), (2, 8), (3, 8), (4, 8), (5, 8), (17, 8), (18, 8), (21, 16)] {
            lines.append("EVIOCGBIT(\(type)) \(size) \(hex(bits[type] ?? [], size))")
        }
        lines += ["EVIOCGKEY(0) 96 \(hex([], 96))", "EVIOCGLED(0) 8 \(hex([], 8))", "EVIOCGSW(0) 8 \(hex([], 8))"]
        lines.append("EVIOCGREP 0 \(word(250))\(word(33))")
        for axis in axes {
            let values = [0, axis.minimum, axis.maximum, 0, 0, axis.resolution].map(word).joined()
            lines.append("EVIOCGABS\(axis.code == 0 ? "" : "(\(axis.code))") 0 \(values)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The replay's clock starts with umockdev-run, and what is played before the program has opened the device waits in
    /// a terminal's 4,096 bytes, which hold no whole number of events: the program would read a part of one, as no kernel
    /// ever gives. So an empty frame comes first, and the events when the program is surely there.
    private static let headStart = 2.0

    private var eventLines: String {
        guard !events.isEmpty else { return "" }
        var time = Self.headStart
        return "E: 0.000000 0000 0000 0\n"
            + events.map { event in
                time += event.gap
                return String(format: "E: %.6f %04x %04x %d\n", time, event.type, event.code, event.value)
            }.joined()
    }
}

/// Codes of linux/input-event-codes.h, said again so that a test does not repeat a mistake of the module.
enum Linux {
    static let key = 1
    static let absolute = 3
    static let x = 0x00
    static let y = 0x01
    static let z = 0x02
    static let rx = 0x03
    static let pressure = 0x18
    static let slot = 0x2F
    static let multitouchX = 0x35
    static let multitouchY = 0x36
    static let toolType = 0x37
    static let trackingID = 0x39
    static let distance = 0x3B
    static let left = 0x110
    static let touch = 0x14A
    static let direct = 1
    static let key1 = 2
    static let key2 = 3
    static let f12 = 88
    static let dropped = 3
    static let multitouchReport = 2
}
