import Foundation
import Testing

/// The recordings of real panels that lie beside the project (`../shared/evdev`), where they do.
enum Recordings {
    static let folder: URL? = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = package.deletingLastPathComponent().appending(path: "shared/evdev")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    static func text(_ name: String) throws -> String {
        try String(decoding: Data(contentsOf: #require(folder).appending(path: name)), as: UTF8.self)
    }

    static func device(_ description: String, playing events: String? = nil) throws -> FakeDevice {
        var device = FakeDevice(evemu: try text(description + ".desc"))
        if let events { device.play(evemu: try text(events)) }
        return device
    }
}

/// A contact as a recording of protocol B shows it to somebody who reads its lines: a tracking id, where the slot was at
/// the end of the frame in which it began, and where it was last.
struct RecordedContact: Equatable {
    var first: [Int]
    var last: [Int]

    /// In the order in which they begin; `atOnce` is the largest number of ids that were open together.
    static func read(_ events: [FakeDevice.Event]) -> (contacts: [RecordedContact], atOnce: Int) {
        var slot = 0
        var places: [Int: [Int]] = [:]
        var open: [Int: Int] = [:]
        var begun: [Int] = []
        var contacts: [RecordedContact] = []
        var atOnce = 0
        for event in events {
            switch (event.type, event.code) {
            case (3, 0x2F): slot = event.value
            case (3, 0x35): places[slot, default: [0, 0]][0] = event.value
            case (3, 0x36): places[slot, default: [0, 0]][1] = event.value
            case (3, 0x39) where event.value >= 0:
                contacts.append(RecordedContact(first: [], last: []))
                open[slot] = contacts.count - 1
                begun.append(slot)
            case (3, 0x39): open[slot] = nil
            case (0, 0):
                for (slot, index) in open { contacts[index].last = places[slot] ?? [0, 0] }
                for slot in begun {
                    if let index = open[slot] { contacts[index].first = places[slot] ?? [0, 0] }
                }
                begun = []
                atOnce = max(atOnce, open.count)
            default: break
            }
        }
        return (contacts, atOnce)
    }
}

@Suite(
    .enabled(if: Recordings.folder != nil, "the recordings in ../shared/evdev are not here"), .serialized,
    .timeLimit(.minutes(3)))
struct RecordingTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var device: String
        var events: String
        var contacts: Int
        var atOnce: Int
        var testDescription: String { events }
    }
    static let rows = [
        Row(device: "atmel-maxtouch", events: "atmel-maxtouch.fast-taps.events", contacts: 9, atOnce: 1),
        Row(device: "atmel-maxtouch", events: "atmel-maxtouch.two-fingers.events", contacts: 2, atOnce: 2),
        Row(device: "ep0430m09", events: "ep0430m09.drag.events", contacts: 1, atOnce: 1),
        Row(device: "quanta-optical", events: "quanta-optical.events", contacts: 9, atOnce: 1),
        Row(device: "egalax-pcap", events: "egalax-pcap.tap.events", contacts: 1, atOnce: 1),
        Row(device: "nexus4-mt-only", events: "nexus4-mt-only.events", contacts: 12, atOnce: 4),
    ]

    @Test("Contacts of a slot panel land where and as often as they were made", arguments: rows)
    func slots(row: Row) async throws {
        let device = try Recordings.device(row.device, playing: row.events)
        let recorded = RecordedContact.read(device.events)
        try #require(recorded.contacts.count == row.contacts)

        let replay = try await Replay.run([device], until: .slotTap())

        let x = try #require(device.range(of: Linux.multitouchX))
        let y = try #require(device.range(of: Linux.multitouchY))
        #expect(replay.downs.map { $0.place(x, y) } == recorded.contacts.map(\.first))
        let ends = Dictionary(uniqueKeysWithValues: replay.ups.map { ($0.id, $0.place(x, y)) })
        #expect(replay.downs.map { ends[$0.id] } == recorded.contacts.map(\.last))
        #expect(largestNumberAtOnce(replay.lines) == row.atOnce)
        #expect(recorded.atOnce == row.atOnce)
        #expect(Set(replay.downs.map(\.id)).count == row.contacts)
        #expect(replay.lines.allSatisfy { $0.device == device.name && $0.synthesised == nil && $0.cancelled == nil })
    }

    @Test("A drag without slots is one contact from its first packet to its last")
    func packets() async throws {
        let device = try Recordings.device("ntrig-protocol-a", playing: "ntrig-protocol-a.drag.events")
        let values = { (code: Int) in device.events.filter { $0.type == 3 && $0.code == code }.map(\.value) }
        let path = zip(values(Linux.multitouchX), values(Linux.multitouchY)).map { [$0, $1] }
        let touches = device.events.filter { $0.type == 1 && $0.code == Linux.touch }.map(\.value)
        try #require(touches == [1, 0])

        let replay = try await Replay.run([device], until: .packetTap)

        let x = try #require(device.range(of: Linux.multitouchX))
        let y = try #require(device.range(of: Linux.multitouchY))
        #expect(replay.lines.map(\.kind).filter { $0 != "move" } == ["down", "up"])
        #expect(replay.lines.map { $0.place(x, y) } == path + [path[path.count - 1]])
    }

    @Test("An absolute pointer presses with BTN_LEFT, whether the button comes before or after the place")
    func pointer() async throws {
        var device = try Recordings.device("qemu-usb-tablet")
        device.frame([(3, 0, 3_277), (3, 1, 6_553)])
        device.frame(after: 0.01, [(1, Linux.left, 1)])
        device.frame(after: 0.01, [(1, Linux.left, 0)])
        device.frame(after: 0.01, [(1, Linux.left, 1), (3, 0, 16_384)])
        device.frame(after: 0.01, [(3, 1, 16_384)])
        device.frame(after: 0.01, [(3, 1, 20_000), (1, Linux.left, 0)])

        let replay = try await Replay.run([device], until: .buttonTap(Linux.left))

        let range = try #require(device.range(of: 0))
        #expect(replay.lines.map(\.kind) == ["down", "up", "down", "move", "up"])
        #expect(replay.downs.map { $0.place(range, range) } == [[3_277, 6_553], [16_384, 6_553]])
        #expect(replay.ups.map { $0.place(range, range) } == [[3_277, 6_553], [16_384, 20_000]])
    }

    @Test("A keyboard wedge types each key once, whatever repeats")
    func wedge() async throws {
        var device = try Recordings.device("yubikey-keyboard-wedge")
        device.frame([(1, 42, 1), (1, 46, 1)])
        device.frame(after: 0.01, [(1, 46, 2)])
        device.frame(after: 0.01, [(1, 46, 2)])
        device.frame(after: 0.01, [(1, 46, 0), (1, 42, 0)])
        device.frame(after: 0.01, [(1, 11, 1), (1, 11, 0)])
        device.frame(after: 0.01, [(1, 28, 1), (1, 28, 0)])

        let replay = try await Replay.run([device], until: .key(Linux.f12, name: "KEY_F12"))

        #expect(replay.lines.map(\.key) == ["KEY_LEFTSHIFT", "KEY_C", "KEY_0", "KEY_ENTER"])
        #expect(replay.lines.allSatisfy { $0.kind == "key" && $0.id == nil && $0.x == nil })
    }

    private func largestNumberAtOnce(_ lines: [Line]) -> Int {
        var open = 0
        var largest = 0
        for line in lines where line.kind != "move" {
            open += line.kind == "down" ? 1 : -1
            largest = max(largest, open)
        }
        return largest
    }
}
