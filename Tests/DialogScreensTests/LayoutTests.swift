import Dialog
import Drawing
import Ratings
import Testing

@testable import DialogScreens

@Suite struct LayoutTests {
    @Test(
        "Answers stand side by side on a wide screen and below one another on a tall one",
        arguments: zip(
            Fixture.screens, [ScreenPlan.Arrangement.columns, .columns, .columns, .columns, .rows]))
    func arrangement(screen: NamedGeometry, expected: ScreenPlan.Arrangement) throws {
        #expect(try Fixture.painter(screen.geometry).plan.arrangement == expected)
    }

    @Test func aLongWordPutsTheAnswersBelowOneAnotherBesideTheQuestion() throws {
        let questionnaire = Fixture.questionnaire(middle: "Удовлетворительно")
        let painter = try Fixture.painter(Fixture.screens[1].geometry, questionnaire: questionnaire)
        #expect(painter.plan.arrangement == .split)
        let rows = painter.makeScene(Fixture.question(1)).targets.prefix(5).map(\.bounds)
        #expect(Set(rows.map(\.x)).count == 1)
        #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.bottom < $1.y })
    }

    @Test("Any number of answers finds its place, with faces or without", arguments: [1, 2, 3, 4, 7], [true, false])
    func otherNumbers(count: Int, hasFaces: Bool) throws {
        let options = (1...count).map { Option(value: $0, label: ["ru": "Да"], face: hasFaces ? 0 : nil) }
        let questionnaire = Questionnaire(
            id: "other", version: 1, languages: ["ru"], languageNames: ["ru": "Русский"],
            questions: [Question(id: "q", text: ["ru": "Вопрос?"], mayBeSkipped: true, options: options)])
        for screen in Fixture.screens where count < 7 || screen.geometry.width == 1920 {
            let painter = try Fixture.painter(screen.geometry, questionnaire: questionnaire)
            #expect(painter.lint(questionnaire).isEmpty, "\(screen.name)")
        }
    }

    @Test func theSmallestScreenAndTheEmptyQuestionnaireDoNotBreakTheLayout() throws {
        let empty = Questionnaire(id: "empty", version: 1, languages: [], languageNames: [:], questions: [])
        var painter = try Fixture.painter(
            ScreenGeometry(width: 64, height: 48, diagonalInches: 1), questionnaire: empty)
        for screen in [DialogScreen.idle, .thanks, .notRecorded, .closed(.fault(code: 1))] {
            _ = painter.update(DialogView(screen: screen, language: "ru", technicianMark: true))
            _ = try painter.picture()
        }
    }

    @Test(
        "Short words stay with the word they belong to",
        arguments: [
            ("Время ожидания в очереди", "Время ожидания в\u{A0}очереди"), ("Осталось 12 с", "Осталось 12\u{A0}с"),
            ("1 из 6", "1\u{A0}из\u{A0}6"), ("Спасибо!", "Спасибо!"),
        ])
    func bind(text: String, expected: String) {
        #expect(Typography.bind(text) == expected)
    }

    @Test("The words around the questions are whole in both languages", arguments: ["ru", "en"])
    func phrases(language: String) {
        let phrases = Phrases.phrases(for: language)
        let messages = [
            phrases.thanks, phrases.notRecorded, phrases.notEnrolled, phrases.fault(12), phrases.closed,
        ]
        for (code, advice) in phrases.enrolmentAdvice { #expect(advice.contains("\(code)")) }
        #expect(phrases.enrolmentAdvice.keys.sorted() == Array(11...15))
        let advice = MachineFault.allCases.map { (code: $0.rawValue, text: phrases.machine($0)) }
        for (code, text) in advice { #expect(text.contains(" \(code). ")) }
        let texts =
            [
                phrases.invitation, phrases.skip, phrases.finish, phrases.stillHere, phrases.moreTime,
                phrases.progress(1, 6), phrases.secondsLeft(9),
            ] + messages.flatMap { [$0.headline, $0.text] } + phrases.enrolmentAdvice.values + advice.map(\.text)
        for text in texts {
            #expect(!text.isEmpty && !text.contains("  "))
            let isCyrillic = text.unicodeScalars.contains { ("а"..."я").contains($0) }
            #expect(isCyrillic == (language == "ru"), "\(text)")
        }
        #expect(phrases.fault(12).text.contains("12"))
    }
}
