import Ratings

/// Everything that a display needs to draw the dialog, and nothing else: two equal views are the same picture.
public struct DialogView: Equatable, Sendable {
    public var screen: DialogScreen
    /// The language code of all texts on the screen.
    public var language: String
    /// Set while the time runs out: the question stays visible under it.
    public var warning: TimeWarning?
    /// Something needs a technician; a small neutral mark in a corner, the same for every cause.
    public var technicianMark: Bool

    public init(
        screen: DialogScreen, language: String, warning: TimeWarning? = nil, technicianMark: Bool = false
    ) {
        self.screen = screen
        self.language = language
        self.warning = warning
        self.technicianMark = technicianMark
    }
}

/// The screens of the dialog. The names stand in `screen.json` and in status (`name`).
public enum DialogScreen: Equatable, Sendable {
    /// Nobody is being asked; a touch or a visit starts a session.
    case idle
    case question(QuestionScreen)
    /// «Спасибо»: every answer given so far is durable.
    case thanks
    /// The answer could not be stored: said openly, never thanked.
    case notRecorded
    case closed(ClosedReason)

    /// `idle`, `question`, `thanks`, `not-recorded` or `closed`.
    public var name: String {
        switch self {
        case .idle: "idle"
        case .question: "question"
        case .thanks: "thanks"
        case .notRecorded: "not-recorded"
        case .closed: "closed"
        }
    }
}

/// One question as it stands on the screen.
public struct QuestionScreen: Equatable, Sendable {
    public var question: Question
    /// From 1.
    public var number: Int
    public var count: Int
    /// The pressed target, highlighted the same way whatever it is.
    public var pressed: TargetID?
    /// Whether «Готово» is offered: after the first durable answer.
    public var mayFinish: Bool

    public init(question: Question, number: Int, count: Int, pressed: TargetID? = nil, mayFinish: Bool) {
        self.question = question
        self.number = number
        self.count = count
        self.pressed = pressed
        self.mayFinish = mayFinish
    }
}

/// The visible warning that the dialog will close.
public struct TimeWarning: Equatable, Sendable {
    /// Whole seconds left.
    public var secondsLeft: Int
    public var pressed: TargetID?

    public init(secondsLeft: Int, pressed: TargetID? = nil) {
        self.secondsLeft = secondsLeft
        self.pressed = pressed
    }
}

/// Why nobody can be asked now.
public enum ClosedReason: Equatable, Sendable {
    /// No collector knows this kiosk yet.
    case notEnrolled
    /// No collector knows this kiosk yet, and the last try failed; the code is of the technician's guide.
    case enrolmentFailed(code: Int)
    /// The store cannot take records; the number is the fault code that the technician's guide explains.
    case fault(code: Int)
    /// The machine under the kiosk is not whole.
    case machine(MachineFault)
    /// Told to close (opening hours).
    case closed
    /// A technician's visit.
    case maintenance(MaintenanceNotice)
}

/// What of the machine keeps the kiosk from asking; the raw values are codes of the technician's guide
/// (`kiosk-image/README.md`), never edited or reused.
public enum MachineFault: String, CaseIterable, Sendable {
    /// The disk has no room for the data partition.
    case diskTooSmall = "D1"
    /// There is no data partition that can be used.
    case noData = "D2"
    /// The installed system differs from what was installed, and no other can be started.
    case damagedSystem = "D3"
}

/// A place to press, by the ids of the Contract (`answer-1`, `skip`, `finish`, `language-en` …) and `more-time`,
/// `start`.
public enum TargetID: Hashable, Sendable {
    case answer(Int)
    case skip
    case finish
    case language(String)
    /// “I need more time”, on the warning.
    case moreTime
    /// The idle screen's invitation.
    case start

    /// The spelling in `screen.json`.
    public var name: String {
        switch self {
        case .answer(let value): "answer-\(value)"
        case .skip: "skip"
        case .finish: "finish"
        case .language(let code): "language-\(code)"
        case .moreTime: "more-time"
        case .start: "start"
        }
    }
}
