import Testing

/// Devices of our own through the real libevdev, libudev and program. Each is made from facts about a class of hardware.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ReplayTests {
    private static func slotPanel(_ name: String = "Panel", udev: [String: String] = [:]) -> FakeDevice {
        FakeDevice(
            name, properties: [Linux.direct], keys: [Linux.touch],
            axes: [
                .init(code: Linux.x, minimum: 0, maximum: 1000), .init(code: Linux.y, minimum: 0, maximum: 500),
                .init(code: Linux.slot, minimum: 0, maximum: 4),
                .init(code: Linux.multitouchX, minimum: 0, maximum: 1000, resolution: 4),
                .init(code: Linux.multitouchY, minimum: 0, maximum: 500),
                .init(code: Linux.trackingID, minimum: 0, maximum: 65535),
            ], udev: udev)
    }

    private static func tap(_ device: inout FakeDevice, _ x: Int, _ y: Int, id: Int = 1) {
        device.frame(
            after: 0.01, [(3, Linux.trackingID, id), (3, Linux.multitouchX, x), (3, Linux.multitouchY, y)])
        device.frame(after: 0.01, [(3, Linux.trackingID, -1)])
    }

    @Test("Tracking ids that libevdev filters out still part two contacts, or join one")
    func doubleTrackingIDs() async throws {
        var device = Self.slotPanel()
        // Another id without a lift between: another contact.
        device.frame([(3, Linux.trackingID, 5), (3, Linux.multitouchX, 100), (3, Linux.multitouchY, 50)])
        device.frame(after: 0.01, [(3, Linux.trackingID, 9), (3, Linux.multitouchX, 300)])
        device.frame(after: 0.01, [(3, Linux.trackingID, -1)])
        // Two ids at once for one finger: one contact.
        device.frame(after: 0.01, [(3, Linux.trackingID, 25), (3, Linux.trackingID, 0), (3, Linux.multitouchX, 400)])
        // A lift and a new finger in one frame: two contacts.
        device.frame(after: 0.01, [(3, Linux.trackingID, -1), (3, Linux.trackingID, 30), (3, Linux.multitouchX, 500)])
        // The same id said again: the same contact.
        device.frame(after: 0.01, [(3, Linux.trackingID, 30), (3, Linux.multitouchX, 510)])
        device.frame(after: 0.01, [(3, Linux.trackingID, -1), (3, Linux.trackingID, -1)])
        // Down and up in one frame: one contact.
        device.frame(
            after: 0.01, [(3, Linux.trackingID, 31), (3, Linux.multitouchX, 10), (3, Linux.trackingID, -1)])

        let replay = try await Replay.run([device], until: .slotTap())

        #expect(replay.downs.map(\.x) == [0.1, 0.3, 0.4, 0.5, 0.01])
        #expect(
            replay.lines.map(\.kind) == ["down", "up", "down", "up", "down", "up", "down", "move", "up", "down", "up"])
        #expect(replay.ups.map(\.id) == replay.downs.map(\.id))
        #expect(!replay.standardError.contains("tracking"))
    }

    @Test("After lost events an open contact ends as cancelled and nothing is pressed by the synchronisation")
    func lostEvents() async throws {
        var device = FakeDevice(
            "Pointer", keys: [Linux.left],
            axes: [.init(code: 0, minimum: 0, maximum: 100), .init(code: 1, minimum: 0, maximum: 100)])
        device.frame([(3, 0, 20), (3, 1, 20), (1, Linux.left, 1)])
        device.frame(after: 0.01, [(3, 0, 30), (0, Linux.dropped, 0)])

        let replay = try await Replay.run([device], until: .buttonTap(Linux.left))

        #expect(replay.lines.map(\.kind) == ["down", "up"])
        #expect(replay.ups.map(\.cancelled) == [true])
        #expect(replay.ups.map(\.synthesised) == [true])
    }

    @Test("On a panel without slots, touch button or lift, silence lifts")
    func silentPackets() async throws {
        var device = FakeDevice(
            "Silent packets",
            axes: [
                .init(code: 0x30, minimum: 0, maximum: 255),
                .init(code: Linux.multitouchX, minimum: 0, maximum: 799),
                .init(code: Linux.multitouchY, minimum: 0, maximum: 479),
            ])
        for x in [100, 110] {
            device.frame(
                after: 0.01, [(3, 0x30, 9), (3, Linux.multitouchX, x), (3, Linux.multitouchY, 200), (0, 2, 0)])
        }

        let replay = try await Replay.run([device], until: .own(kind: "up"))

        #expect(replay.lines.map(\.kind) == ["down", "move", "up"])
        #expect(replay.ups.map(\.synthesised) == [true])
        #expect(replay.ups.map(\.cancelled) == [nil])
        #expect(replay.standardError.contains("as packets"))
    }

    @Test("Two fingers without slots stay two contacts, each with its own path")
    func twoPacketFingers() async throws {
        var device = FakeDevice(
            "Packets", properties: [Linux.direct], keys: [Linux.touch],
            axes: [
                .init(code: Linux.multitouchX, minimum: 0, maximum: 1000),
                .init(code: Linux.multitouchY, minimum: 0, maximum: 1000),
            ])
        func packet(_ places: [(Int, Int)], _ extra: [(type: Int, code: Int, value: Int)] = []) {
            let contacts = places.flatMap { x, y in
                [(type: 3, code: Linux.multitouchX, value: x), (3, Linux.multitouchY, y), (0, 2, 0)]
            }
            device.frame(after: 0.01, contacts + extra)
        }
        packet([(100, 100)], [(1, Linux.touch, 1)])
        packet([(110, 100), (900, 800)])
        packet([(910, 800), (120, 100)])  // The order in a packet means nothing.
        packet([(910, 800)])
        device.frame(after: 0.01, [(1, Linux.touch, 0), (0, 2, 0)])

        let replay = try await Replay.run([device], until: .packetTap)

        #expect(replay.downs.map { [$0.x, $0.y] } == [[0.1, 0.1], [0.9, 0.8]])
        #expect(replay.ups.map { [$0.x, $0.y] } == [[0.12, 0.1], [0.91, 0.8]])
        #expect(replay.ups.map(\.id) == replay.downs.map(\.id))
    }

    struct Placement: Sendable {
        var udev: String?
        var options: [String] = []
        /// Where a tap at a tenth and two tenths lands.
        var place: [Double?]
        /// Where a tap in the far corner lands.
        var corner: [Double]
    }
    static let placements = [
        Placement(place: [0.1, 0.2], corner: [1, 1]),
        Placement(udev: "0 1 0 1 0 0", place: [0.2, 0.1], corner: [1, 1]),
        Placement(udev: "0 1 0 1 0 0", options: ["--matrix", "-1 0 1 0 -1 1"], place: [0.9, 0.8], corner: [0, 0]),
        Placement(udev: "nonsense", options: ["--rotation", "90"], place: [0.2, 0.9], corner: [1, 0]),
        Placement(options: ["--rotation", "180"], place: [0.9, 0.8], corner: [0, 0]),
        Placement(
            options: ["--matrix", "0.5 0 0.25 0 1 0", "--rotation", "270"], place: [0.8, 0.3], corner: [0, 0.75]),
    ]

    @Test(
        "Calibration is libinput's, by udev or by option, and the option wins; then comes the rotation",
        arguments: placements)
    func calibration(placement: Placement) async throws {
        var device = Self.slotPanel(udev: placement.udev.map { ["LIBINPUT_CALIBRATION_MATRIX": $0] } ?? [:])
        Self.tap(&device, 100, 100)

        let replay = try await Replay.run(
            [device], until: .slotTap(x: placement.corner[0], y: placement.corner[1]), options: placement.options)

        #expect(replay.downs.map { [$0.x, $0.y] } == [placement.place])
    }

    @Test("Several devices are read at once, ids are unique, and a headset that resembles a panel is left alone")
    func severalDevices() async throws {
        var panel = Self.slotPanel("Panel \u{1B}[31m\u{7}")
        Self.tap(&panel, 500, 250)
        var box = FakeDevice("Box", keys: Array(0x120...0x133))
        box.number = 8
        box.frame([(1, 0x121, 1), (1, 0x121, 0)])
        // Every multitouch code and every button code, as vendor usages of headsets come out.
        var headset = FakeDevice(
            "Headset", keys: [114, 115] + Array(0x100...0x13A),
            axes: (0x28...0x3F).map { .init(code: $0, minimum: -128, maximum: 127) })
        headset.number = 9
        var second = Self.slotPanel("Second")
        second.number = 10
        Self.tap(&second, 250, 250)

        let replay = try await Replay.run([panel, box, headset, second], until: .lines(5))

        #expect(replay.lines.filter { $0.kind == "key" }.map(\.key) == ["BTN_THUMB"])
        #expect(Set(replay.downs.map(\.device)) == ["Panel \\x1B[31m\\x07", "Second"])
        #expect(Set(replay.downs.map(\.id)).count == replay.downs.count)
        #expect(replay.standardError.contains("leaving /dev/input/event9 \"Headset\" alone"))
        #expect(!replay.standardError.contains("\u{1B}"))
    }

    @Test("Without a device to read the program says so and ends with 69")
    func nothingToRead() async throws {
        let power = FakeDevice("Power Button", keys: [116])

        for devices in [[], [power]] {
            let replay = try await Replay.run(devices, until: .none)
            #expect(replay.status == 69)
            #expect(replay.lines.isEmpty)
            #expect(replay.standardError.contains("no input device to read"))
        }
    }

    @Test("Options that mean nothing end with 64", arguments: [["--rotation", "45"], ["--matrix", "1 0 0"]])
    func badOptions(options: [String]) async throws {
        let replay = try await Replay.run([], until: .none, options: options)
        #expect(replay.status == 64)
    }
}
