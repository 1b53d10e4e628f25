import Testing

@testable import KioskShell

@Suite struct EnrolmentFileTests {
    @Test(arguments: ["", "\u{FEFF}"]) func `the three lines are read, also with Windows' marks`(_ mark: String) throws
    {
        let text =
            mark + "collector: https://ratings.example:8443\r\ncode: ABCD-EFGH-JKMN-PQRS\r\npin: \"sha256//YQ==\"\r\n"
        let file = try EnrolmentFile.parse(text, place: "otsenka-enrol.yaml")
        #expect(
            file
                == EnrolmentFile(
                    collector: "https://ratings.example:8443", code: "ABCD-EFGH-JKMN-PQRS", pin: "sha256//YQ=="))
    }

    @Test func `a code of digits stays a text, and a pin may be left out`() throws {
        let file = try EnrolmentFile.parse("collector: https://c\ncode: 0000000000000000\n", place: "f")
        #expect(file == EnrolmentFile(collector: "https://c", code: "0000000000000000"))
    }

    @Test(arguments: [
        ("", "list of"), ("- a\n", "list of"), ("code: [\n", "list of"), ("code: X\n", "`collector` is missing"),
        ("collector: https://c\n", "`code` is missing"), ("collector:\ncode: X\n", "`collector` has no value"),
        ("collector: [a]\ncode: X\n", "`collector` has no value"),
        ("collector: https://c\ncode: X\nPin: y\n", "no key `Pin`"),
    ])
    func `anything else is refused and says why`(_ text: String, _ cause: String) {
        let error = #expect(throws: SettingsError.self) { try EnrolmentFile.parse(text, place: "f") }
        #expect(error?.cause.contains(cause) == true)
        #expect(error?.description.contains("X") == false)
    }
}
