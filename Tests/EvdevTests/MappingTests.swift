import Testing

@testable import Evdev

@Suite struct MappingTests {
    @Test(
        "Coordinates count from the minimum, a little outside is the edge, far outside is nothing",
        arguments: [
            (42, 0.0), (1981, 1.0), (1011, 969.0 / 1939.0), (0, 0.0), (2100, 1.0), (-152, nil), (2176, nil),
            (Int32.min, nil), (Int32.max, nil),
        ] as [(Int32, Double?)])
    func normalising(value: Int32, share: Double?) {
        #expect(AxisRange(minimum: 42, maximum: 1981).normalise(value) == share)
    }

    @Test("The widest range there is does not overflow")
    func widest() {
        let range = AxisRange(minimum: .min, maximum: .max)
        #expect(range.normalise(.min) == 0)
        #expect(range.normalise(.max) == 1)
    }

    @Test(
        "A matrix that is not six numbers, or squashes the panel, is refused",
        arguments: [
            "", "1 0 0 0 1", "1 0 0 0 1 0 0", "1 0 0 0 x 0", "nan 0 0 0 1 0", "1 0 0 0 inf 0", "0 0 0 0 0 0",
            "1 1 0 1 1 0",
        ])
    func matrices(text: String) {
        #expect(throws: InputError.self) { try CalibrationMatrix(text: text) }
    }

    @Test("Swapped and inverted axes are set right by a matrix, before the rotation")
    func fourCorners() throws {
        // An ADS7846 whose upper left corner reads 337,3878 and whose lower right one reads 3769,280.
        let matrix = try CalibrationMatrix(text: "1.193 0 -0.0982 0 -1.1381 1.0778")
        var mapping = PanelMapping(
            x: AxisRange(minimum: 0, maximum: 4095), y: AxisRange(minimum: 0, maximum: 4095), matrix: matrix)
        func near(_ point: Point?, _ x: Double, _ y: Double) -> Bool {
            guard let point else { return false }
            return abs(point.x - x) < 0.002 && abs(point.y - y) < 0.002
        }
        #expect(near(mapping.point(337, 3878), 0, 0))
        #expect(near(mapping.point(3769, 280), 1, 1))
        mapping.rotation = .right
        #expect(near(mapping.point(337, 3878), 0, 1))
        #expect(near(mapping.point(3769, 280), 1, 0))
    }

    @Test("Four quarter turns come back to the start", arguments: ScreenRotation.allCases)
    func turns(rotation: ScreenRotation) {
        var point = Point(x: 0.25, y: 0.5)
        for _ in 0..<4 { point = rotation(point) }
        #expect(point == Point(x: 0.25, y: 0.5))
    }

    @Test("Names are printed without anything that a terminal could act on")
    func names() {
        #expect(printable("a\u{1B}[2J\u{7F}\u{9B}b\u{202E}c\nд") == "a\\x1B[2J\\x7F\\x9Bb\\u202Ec\\x0Aд")
        #expect(printable(String(repeating: "x", count: 1000)).count == InputLimits.nameCharacters)
    }

    @Test("A line of the input command has the agreed shape")
    func lines() throws {
        func json(_ kind: InputEvent.Kind, synthesised: Bool = false) -> String? {
            InputLine(
                InputEvent(device: DeviceID(1), time: 1_500_000, kind: kind, synthesised: synthesised), device: "P/1"
            )?.json
        }
        #expect(
            json(.down(contact: 3, x: 1.0 / 3, y: 1))
                == #"{"device":"P/1","id":3,"kind":"down","t":1.5,"x":0.333333,"y":1}"#)
        #expect(
            json(.up(contact: 3, x: 0, y: 1, cancelled: true), synthesised: true)
                == #"{"cancelled":true,"device":"P/1","id":3,"kind":"up","synthesised":true,"t":1.5,"x":0,"y":1}"#)
        #expect(
            json(.key(code: 2, name: "KEY_1", pressed: true)) == #"{"device":"P/1","key":"KEY_1","kind":"key","t":1.5}"#
        )
        #expect(json(.key(code: 2, name: "KEY_1", pressed: false)) == nil)
        #expect(json(.key(code: 2, name: "KEY_1", pressed: true), synthesised: true) == nil)
    }
}
