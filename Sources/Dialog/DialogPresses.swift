import Ratings

// What contacts and buttons do.

extension DialogMachine {
    mutating func contactDown(_ target: TargetID?) {
        contacts.down(at: now)
        switch phase {
        case .idle:
            guard !contacts.isLocked else { return }
            wake(touching: target)
        case .asking(var session):
            defer { phase = .asking(session) }
            guard session.press == nil else { return contacts.lock() }
            let isArmed = now >= session.armed && !contacts.isLocked
            if isArmed, let target, press(target, &session) {
                contacts.lock()
            } else {
                if !isArmed { contacts.lock() }
                noticeLife(&session)
            }
        case .thanks, .failed, .closed:
            break
        }
    }

    /// A debounced press of a button.
    mutating func pressKey(_ key: DialogKey) {
        switch phase {
        case .idle: wake(touching: nil)
        case .asking(var session):
            guard session.press == nil else { return }
            let isArmed = now >= session.armed
            if isArmed, key == .finish, !session.mayFinish { return leave(session) }
            if !isArmed || !press(target(of: key, session), &session) { noticeLife(&session) }
            phase = .asking(session)
        case .thanks, .failed, .closed: break
        }
    }

    private mutating func wake(touching target: TargetID?) {
        guard now >= wakeable, outbox.mayBeginSession else { return }
        var chosen: String?
        if case .language(let code) = target, questionnaire.languages.contains(code) { chosen = code }
        begin(.unsolicited, in: chosen)
    }

    /// Leaves the dialog before the first mark.
    private mutating func leave(_ session: OpenSession) {
        end(session, .cancelled)
        wakeable = now + limits.thanks
        rest()
    }

    private func target(of key: DialogKey, _ session: OpenSession) -> TargetID? {
        switch key {
        case .answer(let value): .answer(value)
        case .skip: .skip
        case .finish: .finish
        case .moreTime: .moreTime
        case .language:
            questionnaire.languages.firstIndex(of: session.language).map {
                .language(questionnaire.languages[($0 + 1) % questionnaire.languages.count])
            }
        case .other: nil
        }
    }

    /// Carries out a press on an armed question; false where the question does not offer the target.
    private mutating func press(_ target: TargetID?, _ session: inout OpenSession) -> Bool {
        let question = questionnaire.questions[session.index]
        switch target {
        case .answer(let value) where question.options.contains { $0.value == value }:
            record(target: .answer(value), value: value, &session)
        case .skip where question.mayBeSkipped:
            record(target: .skip, value: nil, &session)
        case .finish where session.mayFinish:
            session.press = Press(target: .finish, time: now, isDurable: true)
        case .language(let code) where code != session.language && questionnaire.languages.contains(code):
            session.language = code
            arm(&session)
        case .moreTime where session.warning != nil:
            if session.warning?.answered == nil { session.warning?.answered = now }
        default:
            return false
        }
        if session.press != nil { session.warning = nil }
        return true
    }

    private mutating func record(target: TargetID, value: Int?, _ session: inout OpenSession) {
        session.press = Press(target: target, time: now, isDurable: false)
        outbox.add(
            .answer(
                Answer(
                    session: session.id, question: questionnaire.questions[session.index].id, value: value,
                    pass: value == nil ? .skip : nil, language: session.language,
                    elapsedMilliseconds: Int(now - session.asked))))
    }

    /// Somebody is there: the time starts again. A warning goes, and with it the picture changes, so presses pause.
    private mutating func noticeLife(_ session: inout OpenSession) {
        if session.warning != nil { arm(&session) }
        session.alive = now
    }
}
