import Ratings

/// What can happen to the dialog. The shell has already decoded devices and found the target under a contact.
public enum DialogEvent: Equatable, Sendable {
    /// A contact landed on the picture of the present `view`; `target` is what lies under it, if anything does.
    ///
    /// Only edges that a device really reported are sent: a contact that is merely found to be down, after SYN_DROPPED
    /// or on opening a device, is no press.
    case contactDown(target: TargetID?)
    /// The last contact of all panels was lifted, or its panel went away.
    case allContactsUp
    /// A physical button went down. Repeats of a held key are not sent.
    case keyDown(DialogKey)
    case keyUp(DialogKey)
    /// A visit has ended: ask. Answered at once by `visitTaken` or `visitRefused`.
    case visit(Visit)
    /// The record of this token is durable.
    case stored(AppendToken)
    /// The record of this token is not known to be durable.
    case storeFailed(AppendToken)
    /// The monotonic time has reached `deadline`.
    case timePassed
    /// Nobody can be asked now; an open session ends as interrupted.
    case setClosed(ClosedReason)
    case opened
    /// Whether something elsewhere in the kiosk needs a technician.
    case setTechnicianMark(Bool)
    /// The program is stopping: an open session ends as interrupted. Wait for `isSettled`, then go.
    case shutdown
}

/// What a physical button means. Which button of which box means what stands in a declared table of the settings.
public enum DialogKey: Hashable, Sendable {
    /// The option with this value; on a question without it, nothing.
    case answer(Int)
    case skip
    /// «Готово»; before the first mark it leaves the dialog.
    case finish
    case moreTime
    /// The next language of the questionnaire.
    case language
    /// A button that stands for no answer: it wakes the screen and shows that somebody is there.
    case other

    /// The spelling in the settings: `answer-1` …, `skip`, `finish`, `more-time`, `language`, `other`.
    public var name: String {
        switch self {
        case .answer(let value): "answer-\(value)"
        case .skip: "skip"
        case .finish: "finish"
        case .moreTime: "more-time"
        case .language: "language"
        case .other: "other"
        }
    }

    /// Nothing for a spelling that `name` never gives.
    public init?(name: String) {
        switch name {
        case "skip": self = .skip
        case "finish": self = .finish
        case "more-time": self = .moreTime
        case "language": self = .language
        case "other": self = .other
        default:
            guard name.hasPrefix("answer-"), let value = Int(name.dropFirst("answer-".count)) else { return nil }
            self = .answer(value)
            guard self.name == name else { return nil }
        }
    }
}
