import FoundationEssentials
import Testing

@testable import Ratings

/// One record of every kind with every field filled, and the line that it has had since version 1. A line that changes here
/// breaks chains that exist: add kinds and fields, never edit these.
private let session = SessionID(bits: 0x1F)
private let lines: [(RecordBody, String)] = [
    (
        .shown(
            Shown(
                session: session, questionnaire: "default@1", language: "ru",
                visit: Visit(source: .queue, ticket: "А012", window: "5", service: "паспорт", stage: "выдача"))),
        #""kind":"shown","kiosk":"k","language":"ru","prev":"P","questionnaire":"default@1","seq":9,"session":"000000000000001f","v":1,"visit":{"service":"паспорт","source":"queue","stage":"выдача","ticket":"А012","window":"5"},"wall":"W"}"#
    ),
    (
        .answer(
            Answer(
                session: session, question: "overall", value: 5, reasons: ["fast"], language: "ru",
                elapsedMilliseconds: 1800)),
        #""elapsed_ms":1800,"epoch":2,"kind":"answer","kiosk":"k","language":"ru","prev":"P","question":"overall","reasons":["fast"],"seq":9,"session":"000000000000001f","v":1,"value":5,"wall":"W"}"#
    ),
    (
        .answer(
            Answer(
                session: session, question: "waiting", value: nil, pass: .noAnswer, language: "en",
                elapsedMilliseconds: 0)),
        #""kind":"answer","kiosk":"k","language":"en","pass":"no_answer","prev":"P","question":"waiting","seq":9"#
    ),
    (
        .session(
            SessionEnd(
                session: session, outcome: .interrupted, durationMilliseconds: 12_000, flags: ["burst"], rules: 1)),
        #""duration_ms":12000,"epoch":2,"flags":["burst"],"kind":"session","kiosk":"k","outcome":"interrupted","prev":"P","rules":1,"seq":9"#
    ),
    (.comment(TextDigest(session: session, digest: "D")), #""digest":"D","epoch":2,"kind":"comment""#),
    (.gratitude(Gratitude(session: session, unit: "U")), #""session":"000000000000001f","unit":"U","v":1"#),
    (
        .boot(Boot(hardware: "H", program: "0.1")),
        #""hardware":"H","kind":"boot","kiosk":"k","prev":"P","program":"0.1""#
    ),
    (
        .clock(ClockChange(old: "O", new: "N")),
        #""clock":"free","epoch":2,"kind":"clock","kiosk":"k","new":"N","old":"O""#
    ),
    (
        .config(Applied(name: "settings", version: "3", digest: "D")),
        #""kind":"config","kiosk":"k","name":"settings","prev":"P","seq":9,"v":1,"version":"3","wall":"W"}"#
    ),
    (.update(Applied(name: "release", version: "3", digest: "D")), #""kind":"update""#),
    (
        .maintenance(Maintenance(moment: .closed, technician: "T", done: ["restart"])),
        #""done":["restart"],"epoch":2,"kind":"maintenance","kiosk":"k","moment":"closed""#
    ),
    (
        .loss(Loss(reason: "R", receiptedEpoch: 1, receiptedSequence: 8, receiptedHash: "H")),
        #""reason":"R","receipted_epoch":1,"receipted_hash":"H","receipted_seq":8,"seq":9"#
    ),
    (
        .key(KeyChange(purpose: .journal, old: "O", new: "N", signatureByOld: "SO", signatureByNew: "SN")),
        #""new":"N","old":"O","prev":"P","purpose":"journal","seq":9,"signature_by_new":"SN","signature_by_old":"SO""#
    ),
    (
        .export(Export(first: 1, last: 8, medium: "stick")),
        #""first":1,"kind":"export","kiosk":"k","last":8,"medium":"stick""#
    ),
    (.decommission(Decommission(reason: "R")), #""kind":"decommission","kiosk":"k","prev":"P","reason":"R""#),
]

private func header(_ sequence: Int64 = 9) throws -> RecordHeader {
    RecordHeader(
        kiosk: try #require(KioskID(rawValue: "k")), epoch: 2, sequence: sequence, boot: 4, bootMilliseconds: 77,
        wall: "W", clock: .free, previous: "P")
}

@Suite struct RecordLineTests {
    @Test(arguments: lines.indices)
    func aRecordHasTheLineThatItAlwaysHad(_ index: Int) throws {
        let (body, part) = lines[index]
        let record = Record(header: try header(), body: body)
        let line = try record.line()
        let text = String(decoding: line, as: UTF8.self)
        #expect(text.contains(part))
        #expect(text.hasPrefix(#"{"boot":4,"boot_ms":77,"clock":"free","#))
        #expect(!text.contains("\n"))
        #expect(try Record(line: line) == record)
        #expect(try RecordHeader(line: line) == record.header)
        #expect(try Record(line: line).line() == line)
    }

    @Test func everyKindIsThere() {
        let kinds: Set<String> = [
            "shown", "answer", "session", "comment", "gratitude", "boot", "clock", "config", "update", "maintenance",
            "loss", "key", "export", "decommission",
        ]
        #expect(Set(lines.map(\.0.kind)) == kinds)
    }

    @Test func textsWithNewlinesAndQuotesStayOnOneLine() throws {
        let texts = ["a\nb", "a\r\nb", "\"prev\":\"x\"", "\\", "\u{2028}\u{0}\u{7F}", "«Спасибо» 🙂", "a/b"]
        for text in texts {
            let record = Record(header: try header(), body: .decommission(Decommission(reason: text)))
            let line = try record.line()
            #expect(!line.contains(UInt8(ascii: "\n")) && !line.contains(UInt8(ascii: "\r")))
            #expect(try Record(line: line) == record)
        }
    }

    @Test func fieldsAndKindsOfLaterReleasesAreRead() throws {
        let line = Data(
            #"{"zoom":1,"kind":"hologram","v":2,"kiosk":"k","epoch":2,"seq":9,"boot":4,"boot_ms":77,"wall":"W","clock":"free","prev":"P"}"#
                .utf8)
        let record = try Record(line: line)
        #expect(record.body == .unknown(kind: "hologram"))
        #expect(record.header.version == 2)
    }

    @Test(arguments: [
        "", "null", "[]", "{}", "1", "{\"kind\":\"boot\"", "\u{FEFF}{}",
        #"{"kind":"boot","v":1,"kiosk":"k","epoch":2,"seq":9,"boot":4,"boot_ms":77,"wall":"W","clock":"free"}"#,
        #"{"kind":"boot","v":1,"kiosk":"K!","epoch":2,"seq":9,"boot":4,"boot_ms":77,"wall":"W","clock":"free","prev":"P"}"#,
        #"{"kind":"boot","v":1,"kiosk":"k","epoch":2,"seq":9.5,"boot":4,"boot_ms":77,"wall":"W","clock":"free","prev":"P"}"#,
        #"{"kind":"boot","v":1,"kiosk":"k","epoch":2,"seq":99999999999999999999,"boot":4,"boot_ms":77,"wall":"W","clock":"free","prev":"P"}"#,
        #"{"kind":"boot","v":1,"kiosk":"k","epoch":2,"seq":9,"boot":4,"boot_ms":77,"wall":"W","clock":"sundial","prev":"P"}"#,
        #"{"kind":"boot","v":1,"kiosk":"k","epoch":2,"seq":9,"boot":4,"boot_ms":77,"wall":"W","clock":"free","prev":"P"}"#,
    ])
    func isNoRecord(_ line: String) {
        #expect(throws: (any Error).self) { try Record(line: Data(line.utf8)) }
    }

    @Test func aLineOfMoreThan4096BytesIsNeitherWrittenNorRead() throws {
        func record(_ length: Int) throws -> Record {
            Record(
                header: try header(), body: .decommission(Decommission(reason: String(repeating: "x", count: length))))
        }
        let empty = try record(0).line().count
        let longest = try record(4096 - empty).line()
        #expect(longest.count == Record.maximumLineBytes)
        #expect(try Record(line: longest).header.sequence == 9)
        #expect(throws: RecordLineError.tooLong(bytes: 4097)) { try record(4097 - empty).line() }
        let longer = longest + Data(" ".utf8)
        #expect(throws: RecordLineError.tooLong(bytes: 4097)) { try Record(line: longer) }
        #expect(throws: RecordLineError.tooLong(bytes: 4097)) { try RecordHeader(line: longer) }
    }

    @Test func deepNestingIsRefusedAndDoesNotCrash() {
        let nested = String(repeating: "[", count: 4000)
        #expect(throws: (any Error).self) { try Record(line: Data(nested.utf8)) }
        #expect(throws: (any Error).self) { try Record(line: Data("{\"a\":\(nested)".utf8)) }
    }
}
