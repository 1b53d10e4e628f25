import FoundationEssentials

/// A touch panel that umockdev plays to an unchanged program: a single-touch screen whose units are pixels.
struct TouchPanel {
    var width: Int
    var height: Int
    /// Event lines of an evemu recording.
    private var events = ""
    /// When the next event comes, milliseconds after umockdev's start.
    private var time: Int

    /// The first event comes after `start` milliseconds: the recording runs from umockdev's start, not from the
    /// program's.
    init(width: Int, height: Int, start: Int) {
        self.width = width
        self.height = height
        time = start
    }

    /// A finger for 20 ms, and 30 ms for the lift and whatever follows from it.
    static let tapMilliseconds = 50

    mutating func tap(x: Int, y: Int) {
        add([(3, 0x00, x), (3, 0x01, y), (1, Self.touch, 1)])
        time += 20
        add([(1, Self.touch, 0)])
        time += 30
    }

    private mutating func add(_ frame: [(type: Int, code: Int, value: Int)]) {
        for event in frame + [(0, 0, 0)] {
            events += "E: \(time / 1000).\(Self.digits(time % 1000, 3))000 "
            events += "\(Self.hex(event.type, 4)) \(Self.hex(event.code, 4)) \(event.value)\n"
        }
    }

    /// Writes the files into `folder`; gives umockdev-run's arguments.
    func write(into folder: String) throws -> [String] {
        func file(_ name: String, _ text: String) throws -> String {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/panel.\(name)"))
            return "\(folder)/panel.\(name)"
        }
        return try [
            "-d", file("umockdev", Self.description), "-i", "\(Self.node)=\(file("ioctl", ioctls))", "-e",
            "\(Self.node)=\(file("events", events))",
        ]
    }

    private static let node = "/dev/input/event7"
    private static let touch = 0x14A
    private static let description = """
        P: /devices/pci0000:00/usb1/1-7/input/input7/event7
        N: input/event7
        E: DEVNAME=/dev/input/event7
        E: SUBSYSTEM=input
        E: MAJOR=13
        E: MINOR=71
        E: ID_INPUT=1
        E: ID_INPUT_TOUCHSCREEN=1
        A: dev=13:71
        L: device=../../input7

        P: /devices/pci0000:00/usb1/1-7/input/input7
        E: SUBSYSTEM=input


        """

    /// libevdev asks with these very sizes, and umockdev answers only to them.
    private var ioctls: String {
        func bytes(_ set: [Int: UInt8], _ size: Int) -> String {
            (0..<size).map { Self.hex(Int(set[$0] ?? 0), 2).uppercased() }.joined()
        }
        func word(_ value: Int) -> String {
            [0, 8, 16, 24].map { Self.hex(value >> $0 & 0xFF, 2).uppercased() }.joined()
        }
        let name = Array("Bench panel".utf8).enumerated().reduce(into: [:]) { $0[$1.offset] = $1.element }
        // Synchronisation, keys and axes; BTN_TOUCH; X and Y; INPUT_PROP_DIRECT.
        let bits: [(Int, [Int: UInt8], Int)] = [
            (0, [0: 0b1011], 8), (1, [Self.touch / 8: 1 << UInt8(Self.touch % 8)], 96), (2, [:], 8), (3, [0: 0b11], 8),
            (4, [:], 8), (5, [:], 8), (17, [:], 8), (18, [:], 8), (21, [:], 16),
        ]
        var lines = ["@DEV \(Self.node)", "EVIOCGVERSION 0 01000100", "EVIOCGID 0 0300341278560100"]
        lines.append("EVIOCGNAME(0) \(name.count + 1) \(bytes(name, 255))")
        lines += ["EVIOCGPHYS(0) 1 \(bytes([:], 255))", "EVIOCGUNIQ(0) 1 \(bytes([:], 255))"]
        lines.append("EVIOCGPROP(0) 8 \(bytes([0: 0b10], 8))")
        for (type, set, size) in bits { lines.append("EVIOCGBIT(\(type)) \(size) \(bytes(set, size))") }
        for (ioctl, size) in [("KEY", 96), ("LED", 8), ("SW", 8)] {
            lines.append("EVIOCG\(ioctl)(0) \(size) \(bytes([:], size))")
        }
        lines.append("EVIOCGREP 0 \(word(250))\(word(33))")
        for (axis, size) in [("", width), ("(1)", height)] {
            lines.append("EVIOCGABS\(axis) 0 " + [0, 0, size - 1, 0, 0, 0].map(word).joined())
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func hex(_ value: Int, _ digits: Int) -> String { pad(String(value, radix: 16), digits) }
    private static func digits(_ value: Int, _ digits: Int) -> String { pad(String(value), digits) }
    private static func pad(_ text: String, _ count: Int) -> String {
        String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
