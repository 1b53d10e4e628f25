import Ratings

@testable import Dialog

/// Drives a machine as the shell would, with a store that a test answers by hand or that answers at once.
struct DialogRig {
    enum Store { case atOnce, byHand }

    var machine: DialogMachine
    var now: Int64 = 1_000_000
    let store: Store
    /// Appends that wait for an answer, oldest first.
    private(set) var waiting: [(body: RecordBody, token: AppendToken)] = []
    /// What the store has taken, in short spelling.
    private(set) var durable: [String] = []
    /// All other actions.
    private(set) var other: [DialogAction] = []

    init(
        _ questionnaire: Questionnaire = .two, store: Store = .atOnce, language: String? = nil,
        closed: ClosedReason? = nil
    ) {
        machine = DialogMachine(
            questionnaire: questionnaire, language: language, closed: closed, newSession: sessionCounter())
        self.store = store
    }

    mutating func send(_ event: DialogEvent) {
        perform(machine.handle(event, at: now))
    }

    private mutating func perform(_ actions: [DialogAction]) {
        for action in actions {
            guard case .append(let body, let token) = action else {
                other.append(action)
                continue
            }
            waiting.append((body, token))
        }
        if store == .atOnce, !waiting.isEmpty { stored() }
    }

    mutating func stored() {
        let entry = waiting.removeFirst()
        durable.append(entry.body.short)
        send(.stored(entry.token))
    }

    mutating func fail() {
        send(.storeFailed(waiting.removeFirst().token))
    }

    /// Lets time pass, waking the machine at each of its deadlines.
    mutating func wait(_ milliseconds: Int64) {
        let end = now + milliseconds
        while let deadline = machine.deadline, deadline <= end {
            now = max(now, deadline)
            send(.timePassed)
        }
        now = end
    }

    /// A finger that comes and goes.
    mutating func tap(_ target: TargetID?) {
        send(.contactDown(target: target))
        now += 60
        send(.allContactsUp)
    }

    /// A button that is pressed and let go.
    mutating func type(_ key: DialogKey) {
        send(.keyDown(key))
        now += 80
        send(.keyUp(key))
    }

    /// Taps once the question takes presses, and waits until the highlight has been seen.
    mutating func answer(_ target: TargetID) {
        wait(1000)
        tap(target)
        wait(100)
    }

    var screen: String { machine.view.short }

    mutating func takeOther() -> [DialogAction] {
        defer { other = [] }
        return other
    }
}

/// Ids 1, 2, 3 … in the order in which they are asked for.
func sessionCounter() -> @Sendable () -> SessionID {
    let counter = Counter()
    return { SessionID(bits: counter.next()) }
}

/// Confined to one test, which calls it from one thread.
private final class Counter: @unchecked Sendable {
    private var value: UInt64 = 0

    func next() -> UInt64 {
        value += 1
        return value
    }
}

extension Questionnaire {
    /// An overall question with five options, and one that may be skipped.
    static let two = made([("overall", false), ("waiting", true)])
    static let one = made([("overall", false)])
    /// Every question may be skipped.
    static let free = made([("waiting", true), ("comfort", true)])

    static func made(_ questions: [(id: String, mayBeSkipped: Bool)]) -> Questionnaire {
        Questionnaire(
            id: "test", version: 3, languages: ["ru", "en"], languageNames: ["ru": "Русский", "en": "English"],
            questions: questions.map { id, mayBeSkipped in
                Question(
                    id: id, text: ["ru": "Вопрос", "en": "Question"], mayBeSkipped: mayBeSkipped,
                    options: (1...5).map { Option(value: $0, label: ["ru": "\($0)", "en": "\($0)"], face: nil) })
            })
    }
}

extension RecordBody {
    /// `1 shown ru unsolicited`, `1 overall=5 ru 1000`, `1 waiting=skip ru 1000`, `1 answered 2300 [burst]`; the first
    /// number is the session.
    var short: String {
        switch self {
        case .shown(let shown): "\(shown.session.number) shown \(shown.language) \(shown.visit.source.rawValue)"
        case .answer(let answer):
            "\(answer.session.number) \(answer.question)="
                + (answer.value.map(String.init) ?? answer.pass?.rawValue ?? "?")
                + " \(answer.language) \(answer.elapsedMilliseconds)"
        case .session(let end):
            "\(end.session.number) \(end.outcome.rawValue) \(end.durationMilliseconds)"
                + (end.flags.map { " \($0)" } ?? "")
        default: kind
        }
    }
}

extension SessionID {
    var number: UInt64 { UInt64(rawValue, radix: 16) ?? 0 }
}

extension DialogView {
    /// `idle ru`, `question 1/2 ru`, with `pressed answer-5`, `may finish`, `warning 20`, `mark` where they apply.
    var short: String {
        var words = [screen.name]
        if case .question(let question) = screen { words.append("\(question.number)/\(question.count)") }
        if case .closed(let reason) = screen { words.append("\(reason)") }
        words.append(language)
        if case .question(let question) = screen {
            if question.mayFinish { words.append("may finish") }
            if let pressed = question.pressed { words.append("pressed \(pressed.name)") }
        }
        if let warning {
            words.append("warning \(warning.secondsLeft)")
            if let pressed = warning.pressed { words.append("pressed \(pressed.name)") }
        }
        if technicianMark { words.append("mark") }
        return words.joined(separator: " ")
    }
}
