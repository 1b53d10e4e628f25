// The dialog with a visitor, as a state machine: events in, actions out. It has no clock, no store and no screen.
//
//              touch, key, visit                    last question or «Готово»              2 s
//       ┌──── idle ──────────────► question 1 … n ─────────────────────────► thanks ───────────────┐
//       │      ▲                    │  │  │   ▲ │                                                  │
//       │      │   no press 15+20 s │  │  │   └─┘ answer durable: next question                    │
//       │      ├────────────────────┘  │  │                                                        │
//       │      │   finish before the   │  │ answer not stored                       5 s            │
//       │      ├───first mark──────────┘  └──────────────────► not recorded ──────────► restart         │
//       │      └───────────────────────────────────────────────────────────────────────────────────┘
//       └─ setClosed ─► closed ─ opened ─► idle        any other failure of the store: closed (fault) ─► restart
//
// event          | idle            | question                       | thanks           | not recorded | closed
// ---------------+-----------------+--------------------------------+------------------+--------------+-----------
// contactDown    | wakes (1)       | press (2), or a sign of life   | –                | –            | –
// keyDown        | wakes           | press (3), or a sign of life   | –                | –            | –
// visit          | asks            | refused                        | asks after it (4)| refused      | refused
// stored answer  | –               | next question, thanks          | –                | –            | –
// storeFailed    | closed, restart | answer: not recorded           | after it closed, | –            | closed,
//                |                 | without a press: closed        | restart          |              | restart
// timePassed     | –               | warning, then idle (timeout)   | idle             | restart      | –
// setClosed      | closed          | interrupted, closed (5)        | after it closed  | –            | new reason
// shutdown       | closed          | interrupted, closed (5)        | after it closed  | –            | closed
//
// (1) The touch that wakes is not an answer; on a language it also chooses that language for this session. Contacts
//     count only after all that were down when the screen changed are up. After a dialog that was left without a mark
//     the screen wakes again only when a thanks screen would be over, so one jammed button cannot fill the journal.
// (2) A contact that lands inside a target, when the question has stood for `arm` and no contact from before it is
//     down. Then contacts are locked until all are up: a palm, ten fingers or a finger left lying is one press. While
//     the warning is shown, an answer that can be seen and pressed is an answer; any other press is a sign of life.
// (3) A button acts by its own edge, debounced; contacts lying on the panel do not hinder it, nor does another button.
// (4) One visit waits for the two seconds of the thanks, a second one is refused. If the kiosk closes meanwhile it is
//     forgotten: nothing was shown, nothing is counted.
// (5) If an answer is on its way to the store, it is awaited first: a press that became durable is acknowledged.
//
// Records: `shown` when the dialog appears (also by a visit to which nobody comes: the denominator), `answer` for a
// mark or a skip, `session` at the end. At most one append is under way, so no answer is stored before its `shown`.
// The question changes only when the answer is durable, and «Спасибо» comes only when every answer given is; it does
// not wait for the `session` record, whose failure takes nothing back from the visitor.
//
// Outcomes: `answered` after the last question or «Готово», with at least one mark; `cancelled` if the visitor got
// there without a mark; `timeout` when nobody pressed, even after some answers (they stay); `interrupted` by setClosed
// and shutdown. A session during which the store failed has no end here: the next start closes it, as refused if its
// failed answer turns out to be durable (`failedAnswer`), otherwise as interrupted.

import Ratings

/// The dialog of one kiosk. Feed it every event with the monotonic time, perform the actions, draw `view`, and call
/// with `timePassed` when `deadline` comes.
public struct DialogMachine: Sendable {
    enum Phase: Sendable {
        case idle
        case asking(OpenSession)
        case thanks(language: String, until: Int64)
        /// The store has failed; `until` is when to restart, nothing once that was asked for.
        case failed(DialogScreen, language: String, until: Int64?)
        case closed
    }

    let questionnaire: Questionnaire
    let limits: DialogLimits
    let language: String
    let newSession: @Sendable () -> SessionID

    var phase = Phase.idle
    var outbox = Outbox()
    var contacts = Contacts()
    var debounce = Debounce()
    var misuse: MisuseRules
    /// Why to be closed, as soon as nothing else is on the screen.
    var closing: ClosedReason?
    var isStopping = false
    /// The store failed during the thanks.
    var isBroken = false
    var waitingVisit: Visit?
    /// When the idle screen wakes again.
    var wakeable = Int64.min
    var technicianMark = false
    /// The newest time given; time never runs back.
    var now = Int64.min
    var actions: [DialogAction] = []

    /// - Parameters:
    ///   - questionnaire: checked by `Questionnaires`; has at least one question and one language.
    ///   - language: in which sessions start; the questionnaire's first where it does not offer this one.
    ///   - closed: why nobody can be asked yet.
    ///   - newSession: mints an id that no session of this kiosk has had: 64 random bits.
    public init(
        questionnaire: Questionnaire, limits: DialogLimits = DialogLimits(), language: String? = nil,
        closed: ClosedReason? = nil, newSession: @escaping @Sendable () -> SessionID
    ) {
        precondition(!questionnaire.questions.isEmpty && !questionnaire.languages.isEmpty, "unchecked questionnaire")
        self.questionnaire = questionnaire
        self.limits = limits
        self.language =
            language.flatMap { questionnaire.languages.contains($0) ? $0 : nil }
            ?? questionnaire.languages[0]
        self.newSession = newSession
        misuse = MisuseRules(thanks: limits.thanks)
        closing = closed
        if closed != nil { phase = .closed }
    }

    /// Takes one event and gives what is to be done, in order. `now` is in monotonic milliseconds.
    ///
    /// The event comes before a timer that is due at the same moment: what was pressed was pressed on the old picture.
    public mutating func handle(_ event: DialogEvent, at now: Int64) -> [DialogAction] {
        self.now = max(now, self.now)
        switch event {
        case .contactDown(let target): contactDown(target)
        case .allContactsUp: contacts.allUp()
        case .keyDown(let key):
            if debounce.isPress(key, at: self.now, limits.debounce) { pressKey(key) }
        case .keyUp(let key): debounce.up(key, at: self.now, limits.debounce)
        case .visit(let visit): take(visit)
        case .stored(let token): stored(token)
        case .storeFailed(let token):
            if let entry = outbox.take(token) { fail(entry) }
        case .timePassed: break
        case .setClosed(let reason): close(reason)
        case .opened: open()
        case .setTechnicianMark(let mark): technicianMark = mark
        case .shutdown:
            isStopping = true
            close(closing ?? .closed)
        }
        passTime()
        if let entry = outbox.send(at: self.now) { actions.append(.append(entry.body, entry.token)) }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// Whether no session is open and no record waits for the store: after `shutdown`, the moment to go.
    public var isSettled: Bool {
        if case .asking = phase { return false }
        return outbox.head == nil
    }

    /// Whether a record is on its way to the store: its failure will be told.
    public var awaitsStore: Bool { outbox.head != nil }
}

// MARK: - Sessions

extension DialogMachine {
    /// Shows the first question. The caller has made sure that the outbox has room.
    mutating func begin(_ visit: Visit, in chosen: String? = nil) {
        var session = OpenSession(id: newSession(), begun: now, language: chosen ?? language)
        ask(&session)
        phase = .asking(session)
        outbox.add(
            .shown(
                Shown(
                    session: session.id, questionnaire: questionnaire.reference, language: session.language,
                    visit: visit)))
    }

    /// Puts the question `session.index` on the screen, as if nothing had been pressed before.
    mutating func ask(_ session: inout OpenSession) {
        session.press = nil
        session.asked = now
        session.mayFinish = session.marks > 0
        arm(&session)
    }

    /// After a change of the picture: presses count again after a moment, and contacts when those down now are up.
    mutating func arm(_ session: inout OpenSession) {
        session.warning = nil
        session.armed = now + limits.arm
        session.alive = now
        contacts.lock()
    }

    /// Ends the session with its record; the caller chooses the next screen.
    mutating func end(_ session: OpenSession, _ outcome: Outcome) {
        var flags: [String] = []
        if let mark = session.firstMark, let marked = session.marked {
            flags = misuse.flags(for: MisuseRules.Rating(begun: session.begun, marked: marked, mark: mark))
        }
        outbox.add(
            .session(
                SessionEnd(
                    session: session.id, outcome: outcome, durationMilliseconds: Int(now - session.begun),
                    flags: flags.isEmpty ? nil : flags, rules: session.marks > 0 ? MisuseRules.version : nil)))
    }

    /// The press on the question has been seen and is durable: on to the next screen.
    mutating func advance(_ session: inout OpenSession, after target: TargetID) {
        session.index += 1
        if target == .finish || session.index == questionnaire.questions.count {
            end(session, session.marks > 0 ? .answered : .cancelled)
            contacts.lock()
            phase = .thanks(language: session.language, until: now + limits.thanks)
        } else if closing != nil {
            end(session, .interrupted)
            rest()
        } else {
            ask(&session)
            phase = .asking(session)
        }
    }

    /// Nobody is being asked any more: idle, closed, or the visit that waited.
    mutating func rest() {
        contacts.lock()
        phase = closing == nil ? .idle : .closed
        let visit = waitingVisit.take()
        if let visit, closing == nil, outbox.mayBeginSession { begin(visit) }
    }
}

// MARK: - Visits and closing

extension DialogMachine {
    mutating func take(_ visit: Visit) {
        func refuse(_ reason: VisitRefusal) { actions.append(.visitRefused(reason)) }
        guard visit.isWellFormed else { return refuse(.malformed) }
        guard closing == nil, !isBroken else { return refuse(.closed) }
        switch phase {
        case .idle where outbox.mayBeginSession:
            actions.append(.visitTaken)
            begin(visit)
        case .thanks where waitingVisit == nil:
            actions.append(.visitTaken)
            waitingVisit = visit
        case .idle: refuse(.busy)
        case .asking, .thanks: refuse(.dialogShown)
        case .failed, .closed: refuse(.closed)
        }
    }

    mutating func close(_ reason: ClosedReason) {
        closing = isStopping ? .closed : reason
        switch phase {
        case .idle: phase = .closed
        case .asking(let session) where session.press == nil:
            end(session, .interrupted)
            rest()
        case .asking, .thanks, .failed, .closed: break
        }
    }

    mutating func open() {
        guard !isStopping else { return }
        closing = nil
        if case .closed = phase { rest() }
    }
}

extension Visit {
    /// Whether the visit's texts are short and plain enough for a record.
    var isWellFormed: Bool {
        [ticket, window, service, stage].allSatisfy { field in
            guard let field else { return true }
            return (1...DialogLimits.visitFieldBytes).contains(field.utf8.count)
                && field.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        }
    }
}
