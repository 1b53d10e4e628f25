import Ratings

// Rows that follow from the records alone (and from the place and the clocks of their arrival): reports read them,
// `verify` derives them again and compares.

/// One dialog shown, with all that later records said of it.
public struct SessionRow: Equatable, Sendable {
    public var session: SessionID
    public var shownSequence: Int64
    public var place: KioskPlace
    /// `id@version`.
    public var questionnaire: String
    public var language: String
    public var source: VisitSource
    /// When it was shown: the middle of what is known, on the collector's clock, milliseconds since 1970.
    public var placed: Int64
    /// The time was within `placed ± uncertainty`, milliseconds; 0 where the boot met the collector.
    public var uncertainty: Int64
    /// The mark for the question `overall`, once there is one.
    public var overall: Int?
    /// Nothing until the session ended.
    public var outcome: Outcome?
    /// Rules of misuse that matched, by name.
    public var flags: [String]

    public init(
        session: SessionID, shownSequence: Int64, place: KioskPlace, questionnaire: String, language: String,
        source: VisitSource, placed: Int64, uncertainty: Int64, overall: Int? = nil, outcome: Outcome? = nil,
        flags: [String] = []
    ) {
        self.session = session
        self.shownSequence = shownSequence
        self.place = place
        self.questionnaire = questionnaire
        self.language = language
        self.source = source
        self.placed = placed
        self.uncertainty = uncertainty
        self.overall = overall
        self.outcome = outcome
        self.flags = flags
    }
}

/// One pressed answer.
public struct AnswerRow: Equatable, Sendable {
    public var sequence: Int64
    public var session: SessionID
    public var question: String
    public var value: Int?
    public var pass: Answer.Pass?
    /// As `SessionRow.placed`; the uncertainty is that of its session's boot.
    public var placed: Int64

    /// Whether it makes its session a rating.
    var isRating: Bool { question == Deriving.ratingQuestion && value != nil }

    public init(
        sequence: Int64, session: SessionID, question: String, value: Int?, pass: Answer.Pass?, placed: Int64
    ) {
        self.sequence = sequence
        self.session = session
        self.question = question
        self.value = value
        self.pass = pass
        self.placed = placed
    }
}

/// A record that was taken by its hash but not understood; its line is kept with the others.
public struct QuarantinedRow: Equatable, Sendable {
    public enum Reason: String, Codable, Sendable {
        /// A kind or a version that this program does not know.
        case unknownKind = "unknown_kind"
        /// A known kind with a field missing or of another type.
        case badBody = "bad_body"
        /// A field of the header is missing or of another type.
        case badHeader = "bad_header"
        /// It says that it is another kiosk's, or of another epoch, than the chain in which it stands.
        case foreign
        /// Longer than a record may be.
        case longLine = "long_line"
        /// An answer with a mark that no question offers.
        case badMark = "bad_mark"
        /// It speaks of a session that was never shown in this epoch.
        case unknownSession = "unknown_session"
        /// A second `shown` of the same session.
        case repeatedSession = "repeated_session"
    }

    public var sequence: Int64
    public var reason: Reason

    public init(sequence: Int64, reason: Reason) {
        self.sequence = sequence
        self.reason = reason
    }
}

/// A change of the journal key that a record tells.
public struct KeyRow: Equatable, Sendable {
    /// The `key` record.
    public var sequence: Int64
    /// The note of its `KeySuccession`.
    public var note: String

    public init(sequence: Int64, note: String) {
        self.sequence = sequence
        self.note = note
    }
}

/// All that follows from one batch of records.
public struct Derived: Equatable, Sendable {
    /// Sessions shown in this batch, in order, as they stand at its end.
    public var newSessions: [SessionRow] = []
    /// Sessions of earlier batches that this one changed.
    public var changedSessions: [SessionRow] = []
    public var answers: [AnswerRow] = []
    public var quarantined: [QuarantinedRow] = []
    public var keys: [KeyRow] = []

    public init() {}
}
