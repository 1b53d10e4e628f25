import Ledger
import Ratings

/// Derives sessions and answers from records, in order. Pure but for `known`, which finds a session of an earlier
/// batch.
struct Deriving {
    let place: KioskPlace
    let clocks: BootClocks
    let received: Int64
    /// As they are after the records so far.
    private(set) var keys: JournalKeys
    let known: (SessionID) throws -> SessionRow?

    private(set) var derived = Derived()
    /// Whether a rating was over the ceiling, and the one before it was not.
    private(set) var crossesCeiling = false
    private var ceiling: RatingCeiling
    private var newIndex: [SessionID: Int] = [:]
    private var changedIndex: [SessionID: Int] = [:]

    init(
        place: KioskPlace, clocks: BootClocks, received: Int64, keys: JournalKeys, ceiling: RatingCeiling,
        known: @escaping (SessionID) throws -> SessionRow?
    ) {
        self.keys = keys
        self.ceiling = ceiling
        self.place = place
        self.clocks = clocks
        self.received = received
        self.known = known
    }

    /// The question whose mark makes a session a rating, and the marks that it has.
    static let ratingQuestion = "overall"
    static let ratingMarks = 1...5
    /// Marks of any other question: closed scales, no measured figures.
    static let anyMarks = 0...100

    mutating func add(_ item: CheckedBatch.Item) throws {
        let sequence = item.link.sequence
        switch item.content {
        case .quarantined(let reason): quarantine(sequence, reason)
        case .body(.unknown): quarantine(sequence, .unknownKind)
        case .body(.shown(let shown)): try add(shown, at: sequence, moment: item.moment)
        case .body(.answer(let answer)): try add(answer, at: sequence, moment: item.moment)
        case .body(.session(let end)): try add(end, at: sequence)
        case .body(.key):
            if let succession = keys.follow(item.body, at: sequence) {
                derived.keys.append(KeyRow(sequence: sequence, note: succession.serialized))
            }
        case .body: break
        }
    }

    private mutating func quarantine(_ sequence: Int64, _ reason: QuarantinedRow.Reason) {
        derived.quarantined.append(QuarantinedRow(sequence: sequence, reason: reason))
    }

    private mutating func add(_ shown: Shown, at sequence: Int64, moment: BootClocks.Moment?) throws {
        let texts = [shown.questionnaire, shown.language, shown.visit.service ?? "", shown.visit.window ?? ""]
        guard texts.allSatisfy(Self.isPlain) else { return quarantine(sequence, .badBody) }
        guard try session(shown.session) == nil else { return quarantine(sequence, .repeatedSession) }
        let placed = moment.flatMap { clocks.placed($0, received: received) }
        let row = SessionRow(
            session: shown.session, shownSequence: sequence,
            place: KioskPlace(
                office: place.office, service: shown.visit.service ?? place.service,
                window: shown.visit.window ?? place.window),
            questionnaire: shown.questionnaire, language: shown.language, source: shown.visit.source,
            placed: placed?.time ?? received, uncertainty: placed?.uncertainty ?? 0)
        newIndex[shown.session] = derived.newSessions.count
        derived.newSessions.append(row)
    }

    private mutating func add(_ answer: Answer, at sequence: Int64, moment: BootClocks.Moment?) throws {
        guard answer.value != nil || answer.pass != nil, Self.isPlain(answer.question) else {
            return quarantine(sequence, .badBody)
        }
        let rates = answer.question == Self.ratingQuestion
        if let value = answer.value, !(rates ? Self.ratingMarks : Self.anyMarks).contains(value) {
            return quarantine(sequence, .badMark)
        }
        guard var session = try session(answer.session) else { return quarantine(sequence, .unknownSession) }
        let placed = moment.flatMap { clocks.placed($0, received: received) }
        derived.answers.append(
            AnswerRow(
                sequence: sequence, session: answer.session, question: answer.question, value: answer.value,
                pass: answer.pass, placed: placed?.time ?? received))
        guard rates, let value = answer.value else { return }
        session.overall = value
        switch try ceiling.add(placed?.time ?? received) {
        case .under: break
        case .first: crossesCeiling = true; fallthrough
        case .over: if !session.flags.contains(RatingCeiling.flag) { session.flags.append(RatingCeiling.flag) }
        }
        put(session)
    }

    private mutating func add(_ end: SessionEnd, at sequence: Int64) throws {
        let flags = end.flags ?? []
        guard flags.allSatisfy({ Self.isPlain($0) && !$0.contains(" ") }) else { return quarantine(sequence, .badBody) }
        guard var session = try session(end.session) else { return quarantine(sequence, .unknownSession) }
        session.outcome = end.outcome
        session.flags = flags + session.flags.filter { $0 == RatingCeiling.flag && !flags.contains($0) }
        put(session)
    }

    /// Names and codes, never free text: what holds a control character is not one of ours.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

    private func session(_ id: SessionID) throws -> SessionRow? {
        if let index = newIndex[id] { return derived.newSessions[index] }
        if let index = changedIndex[id] { return derived.changedSessions[index] }
        return try known(id)
    }

    private mutating func put(_ session: SessionRow) {
        if let index = newIndex[session.session] {
            derived.newSessions[index] = session
        } else if let index = changedIndex[session.session] {
            derived.changedSessions[index] = session
        } else {
            changedIndex[session.session] = derived.changedSessions.count
            derived.changedSessions.append(session)
        }
    }
}
