import Testing

@testable import Evdev

/// A decoder fed by hand, its edges as short lines: "down 1 0.10 0.20", "up 1 0.10 0.20 cancelled synthesised".
private struct Bench {
    var decoder: DeviceDecoder
    var numbers = ContactNumbers()

    init(_ deviceClass: DeviceClass, keys: Set<UInt16> = [], axes: [Int] = []) {
        let range = AxisRange(minimum: 0, maximum: 100)
        var capabilities = Capabilities(keys: keys, slots: 4)
        for axis in [Linux.x, Linux.y, Linux.multitouchX, Linux.multitouchY] + axes {
            capabilities.absolute[UInt16(axis)] = range
        }
        decoder = DeviceDecoder(deviceClass, capabilities: capabilities)
    }

    mutating func frame(
        _ events: [(type: Int, code: Int, value: Int)], synthesised: Bool = false, seed: Bool = false
    ) -> [String] {
        decoder.frame(
            events.map { RawEvent(UInt16($0.type), UInt16($0.code), Int32($0.value)) }, synthesised: synthesised,
            seed: seed, numbers: &numbers
        ).map(Self.text)
    }

    mutating func gone() -> [String] { decoder.cancelAll().map(Self.text) }

    private static func text(_ edge: DecodedEdge) -> String {
        func place(_ point: Point) -> String { "\(point.x) \(point.y)" }
        let what =
            switch edge.kind {
            case .down(let contact, let point): "down \(contact) \(place(point))"
            case .move(let contact, let point): "move \(contact) \(place(point))"
            case .up(let contact, let point, let cancelled):
                "up \(contact) \(place(point))" + (cancelled ? " cancelled" : "")
            case .key(let code, let pressed): "key \(code) \(pressed ? "down" : "up")"
            }
        return what + (edge.synthesised ? " synthesised" : "")
    }
}

private func id(_ value: Int) -> (type: Int, code: Int, value: Int) { (Linux.absolute, Linux.trackingID, value) }
private func slot(_ value: Int) -> (type: Int, code: Int, value: Int) { (Linux.absolute, Linux.slot, value) }
private func mx(_ value: Int) -> (type: Int, code: Int, value: Int) { (Linux.absolute, Linux.multitouchX, value) }
private func my(_ value: Int) -> (type: Int, code: Int, value: Int) { (Linux.absolute, Linux.multitouchY, value) }
private func x(_ value: Int) -> (type: Int, code: Int, value: Int) { (Linux.absolute, Linux.x, value) }
private func y(_ value: Int) -> (type: Int, code: Int, value: Int) { (Linux.absolute, Linux.y, value) }
private func axis(_ code: Int, _ value: Int) -> (type: Int, code: Int, value: Int) { (Linux.absolute, code, value) }
private func key(_ code: Int, _ value: Int) -> (type: Int, code: Int, value: Int) { (Linux.key, code, value) }

@Suite struct SlotTests {
    @Test("A new finger at the very place of the last one comes without coordinates")
    func samePlace() {
        var bench = Bench(.slots)
        #expect(bench.frame([id(1), mx(10), my(20)]) == ["down 1 0.1 0.2"])
        #expect(bench.frame([id(-1)]) == ["up 1 0.1 0.2"])
        #expect(bench.frame([id(2)]) == ["down 2 0.1 0.2"])
    }

    @Test("Press and release in one frame are a press, wherever the coordinates stand")
    func briefTouch() {
        var bench = Bench(.slots)
        #expect(bench.frame([id(1), mx(10), my(20), id(-1)]) == ["down 1 0.1 0.2", "up 1 0.1 0.2"])
        #expect(bench.frame([id(2), id(-1), mx(30), my(40)]) == ["down 2 0.3 0.4", "up 2 0.3 0.4"])
        #expect(
            bench.frame([id(3), mx(50), id(-1), id(4), mx(60), id(-1)]) == [
                "down 3 0.5 0.4", "up 3 0.5 0.4", "down 4 0.6 0.4", "up 4 0.6 0.4",
            ])
    }

    @Test("A release and a new contact of the same slot in one frame are two contacts")
    func replaced() {
        var bench = Bench(.slots)
        _ = bench.frame([id(1), mx(10), my(20)])
        #expect(bench.frame([mx(12), id(-1), id(2), mx(90), my(80)]) == ["up 1 0.12 0.2", "down 2 0.9 0.8"])
        #expect(bench.frame([id(3), mx(50)]) == ["up 2 0.9 0.8", "down 3 0.5 0.8"])
        #expect(bench.frame([id(3), mx(55)]) == ["move 3 0.55 0.8"])
    }

    @Test("Slots keep their fingers apart, and slots that do not exist are nobody's")
    func severalSlots() {
        var bench = Bench(.slots)
        #expect(
            bench.frame([slot(0), id(1), mx(10), my(10), slot(2), id(0), mx(90), my(90)]) == [
                "down 1 0.1 0.1", "down 2 0.9 0.9",
            ])
        #expect(bench.frame([slot(9), id(5), mx(1), my(1)]) == [])
        #expect(bench.frame([slot(-1), id(5), mx(1), my(1)]) == [])
        #expect(bench.frame([slot(0), mx(20), slot(2), id(-1)]) == ["up 2 0.9 0.9", "move 1 0.2 0.1"])
    }

    @Test("Absurd coordinates are not a touch; the touch begins where it is first believable")
    func absurd() {
        var bench = Bench(.slots)
        #expect(bench.frame([id(1), mx(50), my(-3616)]) == [])
        #expect(bench.frame([my(40)]) == ["down 1 0.5 0.4"])
        #expect(bench.frame([my(-3616)]) == [])
        #expect(bench.frame([id(-1)]) == ["up 1 0.5 0.4"])
        #expect(bench.frame([id(2), mx(900), id(-1)]) == [])
    }

    @Test("A hovering finger is no touch until it lands, a palm never is")
    func hoverAndPalm() {
        var bench = Bench(.slots)
        #expect(bench.frame([id(1), mx(50), my(50), axis(Linux.distance, 1)]) == [])
        #expect(bench.frame([axis(Linux.distance, 0)]) == ["down 1 0.5 0.5"])
        #expect(bench.frame([axis(Linux.distance, 1)]) == ["up 1 0.5 0.5"])
        #expect(bench.frame([axis(Linux.distance, 0)]) == ["down 2 0.5 0.5"])
        #expect(bench.frame([axis(Linux.toolType, 2)]) == ["up 2 0.5 0.5 cancelled"])
        #expect(bench.frame([axis(Linux.toolType, 0)]) == [])
        #expect(bench.frame([id(-1)]) == [])
        #expect(bench.frame([id(2), axis(Linux.toolType, 2), mx(10)]) == [])
        #expect(bench.frame([id(-1)]) == [])
        #expect(bench.frame([id(3), axis(Linux.toolType, 0)]) == ["down 3 0.1 0.5"])
    }

    @Test("What a synchronisation brings is never a press and never a lift that was seen")
    func synchronisation() {
        var bench = Bench(.slots)
        _ = bench.frame([slot(0), id(1), mx(10), my(10), slot(1), id(2), mx(20), my(20)])
        // Slot 0 goes on, slot 1 ended, slot 2 is new: libevdev ends first and begins in a second frame.
        #expect(bench.frame([slot(1), id(-1)], synthesised: true) == ["up 2 0.2 0.2 cancelled synthesised"])
        #expect(
            bench.frame([slot(0), mx(15), slot(2), id(3), mx(30), my(30)], synthesised: true) == [
                "down 3 0.3 0.3 synthesised", "move 1 0.15 0.1 synthesised",
            ])
        #expect(bench.frame([id(-1)]) == ["up 3 0.3 0.3"])
        #expect(bench.frame([id(4)]) == ["down 4 0.3 0.3"])
    }

    @Test("A finger found on the glass is known and no press; when the panel goes it ends, cancelled")
    func seedAndLoss() {
        var bench = Bench(.slots)
        let state = [slot(0), mx(10), my(10), id(-1), slot(1), mx(20), my(20), id(7), slot(0)]
        #expect(bench.frame(state, synthesised: true, seed: true) == ["down 1 0.2 0.2 synthesised"])
        #expect(bench.frame([id(8)]) == ["down 2 0.1 0.1"])
        #expect(bench.gone() == ["up 2 0.1 0.1 cancelled synthesised", "up 1 0.2 0.2 cancelled synthesised"])
        #expect(bench.gone() == [])
    }
}

@Suite struct SinglePointTests {
    @Test("The button may stand before or after its coordinates, or arrive with its own release")
    func order() {
        var bench = Bench(.singleTouch, keys: [Code.touch])
        #expect(bench.frame([key(Linux.touch, 1), x(10), y(20)]) == ["down 1 0.1 0.2"])
        #expect(bench.frame([x(30)]) == ["move 1 0.3 0.2"])
        #expect(bench.frame([key(Linux.touch, 0)]) == ["up 1 0.3 0.2"])
        #expect(bench.frame([x(50), key(Linux.touch, 1), key(Linux.touch, 0)]) == ["down 2 0.5 0.2", "up 2 0.5 0.2"])
        #expect(bench.frame([key(Linux.touch, 1), key(Linux.touch, 0), x(60)]) == ["down 3 0.6 0.2", "up 3 0.6 0.2"])
    }

    @Test("A panel that sends both BTN_TOUCH and BTN_LEFT presses once")
    func bothButtons() {
        var bench = Bench(.singleTouch, keys: [Code.touch, Code.left])
        #expect(
            bench.frame([x(10), y(10), key(Linux.left, 1), key(Linux.touch, 1)]) == ["down 1 0.1 0.1"])
        #expect(bench.frame([key(Linux.touch, 0), key(Linux.left, 0)]) == ["up 1 0.1 0.1"])
        #expect(
            bench.frame([key(Linux.touch, 1), key(Linux.touch, 0), key(Linux.left, 1), key(Linux.left, 0)])
                == ["down 2 0.1 0.1", "up 2 0.1 0.1"])
    }

    @Test("Without a button, pressure is the touch")
    func pressure() {
        var bench = Bench(.singleTouch, axes: [Linux.pressure])
        #expect(bench.frame([x(10), y(10), axis(Linux.pressure, 30)]) == ["down 1 0.1 0.1"])
        #expect(bench.frame([axis(Linux.pressure, 40)]) == [])
        #expect(bench.frame([axis(Linux.pressure, 0)]) == ["up 1 0.1 0.1"])
    }

    @Test("Coordinates on ABS_Z and ABS_RX stand in for dead ones, until ABS_X or ABS_Y moves")
    func standIn() {
        var bench = Bench(.singleTouch, keys: [Code.touch], axes: [Linux.z, Linux.rx])
        #expect(bench.frame([x(0), y(0)], synthesised: true, seed: true) == [])
        #expect(
            bench.frame([key(Linux.touch, 1), axis(Linux.z, 40), axis(Linux.rx, 60)]) == ["down 1 0.4 0.6"])
        #expect(bench.frame([axis(Linux.z, 50)]) == ["move 1 0.5 0.6"])
        #expect(bench.frame([key(Linux.touch, 0)]) == ["up 1 0.5 0.6"])

        var healthy = Bench(.singleTouch, keys: [Code.touch], axes: [Linux.z, Linux.rx])
        #expect(
            healthy.frame([key(Linux.touch, 1), x(10), y(20), axis(Linux.z, 40), axis(Linux.rx, 60)])
                == ["down 1 0.1 0.2"])
    }

    @Test("The buttons of a pointer are not keys; other keys of a panel are")
    func otherKeys() {
        var bench = Bench(.pointer, keys: [Code.left, 0x111, 2])
        #expect(bench.frame([key(0x111, 1), key(2, 1)]) == ["key 2 down"])
    }
}

@Suite struct KeyTests {
    @Test("Edges come in order, repeats and doubled presses do not come at all")
    func edges() {
        var bench = Bench(.keys, keys: [2, 3])
        #expect(bench.frame([key(2, 1), key(3, 1), key(3, 0)]) == ["key 2 down", "key 3 down", "key 3 up"])
        #expect(bench.frame([key(2, 2), key(2, 1)]) == [])
        #expect(bench.frame([key(3, 0), key(2, 0)]) == ["key 2 up"])
    }

    @Test("A key that was held at the start, changed during a loss or held while the box went is no press")
    func concluded() {
        var bench = Bench(.keys, keys: [2, 3])
        #expect(bench.frame([key(2, 1)], synthesised: true, seed: true) == ["key 2 down synthesised"])
        #expect(
            bench.frame([key(2, 0), key(3, 1)], synthesised: true) == [
                "key 2 up synthesised", "key 3 down synthesised",
            ])
        #expect(bench.gone() == ["key 3 up synthesised"])
    }
}

@Suite struct SilenceTests {
    private let down = [DecodedEdge(kind: .down(contact: 1, Point(x: 0, y: 0)), synthesised: false)]
    private let lift = [DecodedEdge(kind: .up(contact: 1, Point(x: 0, y: 0), cancelled: false), synthesised: false)]

    @Test("Silence counts from the last packet of an open contact")
    func counts() {
        var silence = LiftSilence()
        #expect(silence.deadline == nil)
        silence.finishFrame(now: 1_000_000, edges: down, hasOpenContacts: true)
        #expect(silence.deadline == 1_500_000)
        silence.finishFrame(now: 1_200_000, edges: [], hasOpenContacts: true)
        #expect(silence.deadline == 1_700_000)
        silence.lifted()
        #expect(silence.deadline == nil)
    }

    @Test("A panel that has announced a lift, or claims BTN_TOUCH, is believed")
    func believed() {
        var silence = LiftSilence()
        silence.finishFrame(now: 0, edges: down + lift, hasOpenContacts: false)
        silence.finishFrame(now: 0, edges: down, hasOpenContacts: true)
        #expect(silence.deadline == nil)

        var claiming = LiftSilence()
        claiming.take([RawEvent(Code.key, Code.touch, 1)])
        claiming.finishFrame(now: 0, edges: down, hasOpenContacts: true)
        #expect(claiming.deadline == nil)
    }
}
