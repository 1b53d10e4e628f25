import FakeKiosk
import FoundationEssentials
import SeededRandom

/// Lines that chain as they must and say what no kiosk would: each breaks one rule of a record, or several.
struct HostileRecords {
    private(set) var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed) }

    /// So many records after the last one of `kiosk`, which is told of them.
    mutating func append(_ count: Int, to kiosk: inout FakeKiosk) throws {
        for _ in 0..<count { try kiosk.append(line: line(after: kiosk), sequence: kiosk.head.sequence + 1) }
    }

    /// The members of an object as they are written, so that a name may stand twice and a value be no JSON.
    private typealias Members = [(name: String, value: String)]

    private mutating func line(after kiosk: FakeKiosk) -> Data {
        var members: Members = [
            ("v", "1"), ("kiosk", "\"\(kiosk.id)\""), ("epoch", "\(kiosk.epoch)"), ("boot", "\(kiosk.boot)"),
            ("boot_ms", "\(kiosk.bootMilliseconds)"), ("wall", "\"2026-11-22T08:00:00.000Z\""), ("clock", "\"free\""),
        ]
        members += Self.bodies[pick(Self.bodies.count)]
        for _ in 0...pick(3) {
            let index = pick(members.count)
            switch pick(6) {
            case 0: members.remove(at: index)
            case 1: members.append(members[index])
            case 2: members.append((members[index].name, value()))
            case 3: members.append(("x\(pick(9))", value()))
            default: members[index].value = value()
            }
        }
        let link: Members = [
            ("seq", "\(kiosk.head.sequence + 1)"), ("prev", "\"\(kiosk.head.hash.base64)\""),
        ]
        members.insert(contentsOf: link, at: pick(members.count + 1))
        return Data("{\(members.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ","))}".utf8)
    }

    private mutating func value() -> String {
        switch pick(Self.values.count + 4) {
        case 0: return String(repeating: "[", count: 100 << pick(4)) + "1"
        case 1:
            let depth = 20 << pick(6)
            return String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        case 2:
            let depth = 20 << pick(5)
            return String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        case 3: return "\"" + String(repeating: "я", count: 50 << pick(7)) + "\""
        default: return Self.values[pick(Self.values.count)]
        }
    }

    private mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    private static let values = [
        "null", "true", "0", "-1", "-0", "6", "1.5", "1e3", "1e400", "-1e400", "2147483648", "4294967296",
        "9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "18446744073709551616", "\"\"", "\" \"", "\"\\u0000\"", "\"\\ud800\"", "\"\\n\\r\\t\"",
        "\"9999-12-31T23:59:60Z\"",
        "\"-0001-01-01T00:00:00Z\"", "\"../../etc/passwd\"", "\"<script>alert(1)</script>\"",
        "\"'; DROP TABLE record; --\"", "\"\u{202E}\u{0301}\"", "\"free\"", "\"kiosk-0\"", "[]", "{}", "[null]",
        "{\"source\":\"ticket\",\"ticket\":null}", "NaN", "", "\"", "'a'",
    ]

    private static let session = "\"0000000000000007\""

    /// A body of each kind, as a kiosk would write it.
    private static let bodies: [Members] = [
        [
            ("kind", "\"shown\""), ("session", session), ("questionnaire", "\"default@1\""), ("language", "\"ru\""),
            ("visit", "{\"source\":\"ticket\",\"ticket\":\"A1\"}"),
        ],
        [
            ("kind", "\"answer\""), ("session", session), ("question", "\"overall\""), ("value", "5"),
            ("language", "\"ru\""), ("elapsed_ms", "900"),
        ],
        [
            ("kind", "\"answer\""), ("session", session), ("question", "\"overall\""), ("pass", "\"skipped\""),
            ("reasons", "[\"queue\"]"), ("language", "\"ru\""), ("elapsed_ms", "900"),
        ],
        [
            ("kind", "\"session\""), ("session", session), ("outcome", "\"answered\""), ("duration_ms", "1500"),
            ("flags", "[\"burst\"]"), ("rules", "1"),
        ],
        [("kind", "\"boot\""), ("hardware", "\"board\""), ("program", "\"1.0\"")],
        [("kind", "\"clock\""), ("old", "\"1970-01-01T00:00:03.000Z\""), ("new", "\"2026-11-22T08:27:08.123Z\"")],
        [("kind", "\"loss\""), ("reason", "\"damaged\""), ("receipted_epoch", "1"), ("receipted_sequence", "4")],
        [("kind", "\"comment\""), ("session", session), ("digest", "\"YQ==\"")],
        [("kind", "\"gratitude\""), ("session", session), ("unit", "\"window-1\"")],
        [("kind", "\"config\""), ("name", "\"questionnaire\""), ("version", "\"2\""), ("digest", "\"abc\"")],
        [("kind", "\"maintenance\""), ("moment", "\"opened\""), ("technician", "\"t-1\"")],
        [("kind", "\"key\""), ("purpose", "\"journal\""), ("old", "\"YQ==\""), ("new", "\"YQ==\""), ("note", "\"x\"")],
        [("kind", "\"export\""), ("first", "1"), ("last", "4"), ("medium", "\"stick\"")],
        [("kind", "\"decommission\""), ("reason", "\"closed\"")], [("kind", "\"nobody-knows\"")],
    ]
}
