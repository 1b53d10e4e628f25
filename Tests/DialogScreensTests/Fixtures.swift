import Dialog
import Drawing
import Questionnaires
import Ratings
import Testing

@testable import DialogScreens

/// The questionnaire that is built in, one like it whose words can be chosen, and the screens both are tried on.
enum Fixture {
    static let questionnaire = Questionnaires.embedded.questionnaire

    /// - Parameter middle: the Russian word of the middle answer: the longest word decides how keys are arranged.
    static func questionnaire(middle: String, languages: [String] = ["ru", "en"]) -> Questionnaire {
        let words = [
            ("Очень плохо", "Very poor"), ("Плохо", "Poor"), (middle, "Fair"), ("Хорошо", "Good"),
            ("Отлично", "Excellent"),
        ]
        let options = words.enumerated().map { index, word in
            Option(value: index + 1, label: ["ru": word.0, "en": word.1], face: index - 2)
        }
        let texts = [
            ("overall", "Как вы оцениваете обслуживание сегодня?", "How would you rate the service today?"),
            ("time", "Срок предоставления услуги", "Time it took to provide the service"),
            ("waiting", "Время ожидания в очереди", "Waiting time in the queue"),
            ("staff", "Вежливость и компетентность сотрудника", "Politeness and competence of the employee"),
            ("comfort", "Комфортность помещения", "Comfort of the premises"),
            (
                "information", "Доступность информации о порядке предоставления услуги",
                "Availability of information on how the service is provided"
            ),
        ]
        return Questionnaire(
            id: "fixture", version: 1, languages: languages, languageNames: ["ru": "Русский", "en": "English"],
            questions: texts.enumerated().map { index, text in
                Question(
                    id: text.0, text: ["ru": text.1, "en": text.2], mayBeSkipped: index > 0, options: options)
            })
    }

    static let screens: [NamedGeometry] = [
        NamedGeometry("1920x1080 21.5\"", ScreenGeometry(width: 1920, height: 1080, diagonalInches: 21.5)),
        NamedGeometry("1280x800 10.1\"", ScreenGeometry(width: 1280, height: 800, diagonalInches: 10.1)),
        NamedGeometry("1024x768 of vkms", ScreenGeometry.resolve(width: 1024, height: 768)),
        NamedGeometry("800x480 7\"", ScreenGeometry(width: 800, height: 480, diagonalInches: 7)),
        NamedGeometry("1080x1920 21.5\"", ScreenGeometry(width: 1080, height: 1920, diagonalInches: 21.5)),
    ]

    static func painter(
        _ geometry: ScreenGeometry, theme: Theme = .standard, questionnaire: Questionnaire = Fixture.questionnaire
    ) throws -> ScreenPainter {
        ScreenPainter(geometry: geometry, theme: theme, questionnaire: questionnaire, typesetter: try Typesetter())
    }

    static func question(
        _ number: Int, pressed: TargetID? = nil, warning: TimeWarning? = nil, language: String = "ru"
    ) -> DialogView {
        let screen = QuestionScreen(
            question: questionnaire.questions[number - 1], number: number, count: questionnaire.questions.count,
            pressed: pressed, mayFinish: number > 1)
        return DialogView(screen: .question(screen), language: language, warning: warning)
    }
}

struct NamedGeometry: CustomTestStringConvertible {
    let name: String
    let geometry: ScreenGeometry
    var testDescription: String { name }

    init(_ name: String, _ geometry: ScreenGeometry) {
        self.name = name
        self.geometry = geometry
    }
}

extension ScreenPainter {
    /// The whole current screen as a picture.
    func picture() throws -> Bitmap {
        let bitmap = try Bitmap(width: geometry.width, height: geometry.height)
        try bitmap.draw { paint([PixelRect(x: 0, y: 0, width: geometry.width, height: geometry.height)], on: $0) }
        return bitmap
    }
}
