import Dialog
import Ratings

/// Every screen that a questionnaire can bring about, for the linter, for `render` and for tests.
public enum ScreenCatalogue {
    /// A view with the name under which `render --screen` knows it.
    public struct Entry: Sendable {
        public var name: String
        public var view: DialogView
    }

    /// All screens in one language: `idle`, `question-1` …, `pressed`, `warning`, `thanks`, `not-recorded`, `closed`,
    /// `not-enrolled`, `fault`, `fault-D1` …, `maintenance-open` …, `enrolment-11` …; then every key pressed,
    /// `pressed-answer-1` ….
    public static func entries(for questionnaire: Questionnaire, language: String) -> [Entry] {
        var entries = [Entry(name: "idle", view: DialogView(screen: .idle, language: language))]
        let questions = questionnaire.questions.indices.map { question($0, of: questionnaire) }
        for screen in questions {
            entries.append(
                Entry(
                    name: "question-\(screen.number)", view: DialogView(screen: .question(screen), language: language)))
        }
        entries += warnings(questions, language: language)
        var others: [(String, DialogScreen)] = [
            ("thanks", .thanks), ("not-recorded", .notRecorded), ("closed", .closed(.closed)),
            ("not-enrolled", .closed(.notEnrolled)), ("fault", .closed(.fault(code: 1))),
        ]
        let advice = Phrases.phrases(for: language).enrolmentAdvice.keys.sorted()
        others += maintenance.map { ("maintenance-\($0)", .closed(.maintenance($1))) }
        others += advice.map { ("enrolment-\($0)", .closed(.enrolmentFailed(code: $0))) }
        for (name, screen) in others {
            entries.append(
                Entry(name: name, view: DialogView(screen: screen, language: language, technicianMark: name == "fault"))
            )
        }
        entries += MachineFault.allCases.map { machine($0, language: language) }
        return entries + pressed(questions, language: language)
    }

    /// A technician's visit; the longest texts that can come about are among them.
    private static var maintenance: [(String, MaintenanceNotice)] {
        [
            ("open", .open(wantsStick: false)), ("stick", .open(wantsStick: true)), ("working", .working),
            ("done", .done([.exported], trouble: nil)), ("all", .done(MaintenanceDeed.allCases, trouble: nil)),
            ("trouble", .done([], trouble: 21)), ("both", .done([.receiptsTaken, .exported], trouble: 24)),
            ("restart", .restarting),
        ]
    }

    /// The screen of a machine that is not whole.
    public static func machine(_ fault: MachineFault, language: String) -> Entry {
        Entry(
            name: "fault-\(fault.rawValue)",
            view: DialogView(screen: .closed(.machine(fault)), language: language, technicianMark: true))
    }

    /// The view of a name; `question` stands for `question-1`.
    public static func view(named name: String, of questionnaire: Questionnaire, language: String) -> DialogView? {
        let name = name == "question" ? "question-1" : name
        return entries(for: questionnaire, language: language).first { $0.name == name }?.view
    }

    private static func question(_ index: Int, of questionnaire: Questionnaire) -> QuestionScreen {
        QuestionScreen(
            question: questionnaire.questions[index], number: index + 1, count: questionnaire.questions.count,
            mayFinish: index > 0)
    }

    private static func warnings(_ questions: [QuestionScreen], language: String) -> [Entry] {
        guard let screen = questions.last else { return [] }
        let normal = TimeWarning(secondsLeft: 20)
        let pressed = TimeWarning(secondsLeft: 20, pressed: .moreTime)
        return [("warning", normal), ("pressed-more-time", pressed)].map { name, warning in
            Entry(name: name, view: DialogView(screen: .question(screen), language: language, warning: warning))
        }
    }

    /// The last question, which has every key, with each of them pressed.
    private static func pressed(_ questions: [QuestionScreen], language: String) -> [Entry] {
        guard let last = questions.last else { return [] }
        let answers = last.question.options.map { TargetID.answer($0.value) }
        var entries = (answers + [.skip, .finish, .language(language)]).map { target in
            var screen = last
            screen.pressed = target
            return Entry(
                name: "pressed-\(target.name)",
                view: DialogView(screen: .question(screen), language: language, technicianMark: true))
        }
        if var screen = questions.first, let option = screen.question.options.last {
            screen.pressed = .answer(option.value)
            entries.append(Entry(name: "pressed", view: DialogView(screen: .question(screen), language: language)))
        }
        return entries
    }
}
