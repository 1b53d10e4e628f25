import FoundationEssentials
import Testing

@testable import Ratings

@Suite struct IdentifierTests {
    @Test(arguments: ["a", "0", "kiosk-1", "hall-7.kiosk-2", String(repeating: "a", count: 64)])
    func isAKioskID(_ text: String) throws {
        let id = try #require(KioskID(rawValue: text))
        #expect("\(id)" == text)
        #expect(try JSONDecoder().decode([KioskID].self, from: try JSONEncoder().encode([id])) == [id])
    }

    @Test(arguments: [
        "", "-a", "a-", ".a", "a.", "A", "a b", "a/b", "a_b", "a+b", "a\n", "é", "кт", "a\u{301}", "..",
        String(repeating: "a", count: 65),
    ])
    func isNoKioskID(_ text: String) {
        #expect(KioskID(rawValue: text) == nil)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode([KioskID].self, from: try JSONEncoder().encode([text]))
        }
    }

    @Test(arguments: [
        (UInt64(0), "0000000000000000"), (1, "0000000000000001"), (0xABCD_EF01_2345_6789, "abcdef0123456789"),
        (.max, "ffffffffffffffff"),
    ])
    func aSessionIDIsItsBitsInHexadecimal(bits: UInt64, text: String) {
        #expect(SessionID(bits: bits).rawValue == text)
        #expect(SessionID(rawValue: text) == SessionID(bits: bits))
    }

    @Test(arguments: ["", "0", "000000000000000G", "ABCDEF0123456789", "00000000000000001", "000000000000000\n"])
    func isNoSessionID(_ text: String) {
        #expect(SessionID(rawValue: text) == nil)
    }
}

@Suite struct QuestionnaireTests {
    @Test func aQuestionnaireSurvivesJSONWithTheKeysOfItsFile() throws {
        let questionnaire = Questionnaire(
            id: "default", version: 3, languages: ["ru"], languageNames: ["ru": "Русский"],
            questions: [
                Question(
                    id: "overall", text: ["ru": "Вы довольны?"], mayBeSkipped: false,
                    options: [
                        Option(value: 1, label: ["ru": "Нет"], face: -2),
                        Option(value: 2, label: ["ru": "Да"], face: nil),
                    ])
            ])
        #expect(questionnaire.reference == "default@3")
        let json = try JSONEncoder().encode(questionnaire)
        let text = String(decoding: json, as: UTF8.self)
        #expect(text.contains("\"language_names\"") && text.contains("\"may_be_skipped\""))
        #expect(try JSONDecoder().decode(Questionnaire.self, from: json) == questionnaire)
    }
}

@Suite struct OutcomeTests {
    /// The names stand in records that exist.
    @Test func namesInRecordsNeverChange() {
        #expect(Outcome.allCases.map(\.rawValue) == ["answered", "timeout", "cancelled", "interrupted", "refused"])
        #expect(VisitSource.allCases.map(\.rawValue) == ["queue", "ticket", "operator", "unsolicited"])
    }
}
