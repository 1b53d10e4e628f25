import Ledger
import Ratings

/// What a report counts by. An empty list of dimensions counts everything together.
public enum TallyDimension: String, Codable, Sendable, CaseIterable {
    case office, service, window
    /// `2026-11`, in the time zone of the query.
    case month
    case kiosk, questionnaire, language, source
}

/// What to count.
public struct TallyQuery: Equatable, Sendable {
    public var dimensions: [TallyDimension]
    /// Sessions placed at this time or later, milliseconds since 1970.
    public var from: Int64?
    /// Sessions placed before this time.
    public var to: Int64?
    /// East of Greenwich, for `month`.
    public var zoneMinutes: Int
    public var sources: [VisitSource]?

    public init(
        by dimensions: [TallyDimension], from: Int64? = nil, to: Int64? = nil, zoneMinutes: Int = 0,
        sources: [VisitSource]? = nil
    ) {
        self.dimensions = dimensions
        self.from = from
        self.to = to
        self.zoneMinutes = zoneMinutes
        self.sources = sources
    }
}

/// The counts of one group of sessions. shown = the sum of `outcomes` + `unfinished`.
public struct Tally: Equatable, Sendable {
    /// One key for each dimension of the query, in its order.
    public var keys: [String]
    /// Ratings (sessions with a mark for `overall`, not refused) by mark.
    public var marks: [Int: Int]
    public var shown: Int
    public var outcomes: [Outcome: Int]
    /// Shown, and no end known yet.
    public var unfinished: Int
    /// Ratings with a flag of misuse; they are in `marks` too.
    public var flagged: Int
    /// The marks of the flagged ratings alone, so that a report can show both totals.
    public var flaggedMarks: [Int: Int]
    /// Ratings whose time is only known as an interval.
    public var uncertain: Int

    public init(
        keys: [String], marks: [Int: Int] = [:], shown: Int = 0, outcomes: [Outcome: Int] = [:], unfinished: Int = 0,
        flagged: Int = 0, flaggedMarks: [Int: Int] = [:], uncertain: Int = 0
    ) {
        self.keys = keys
        self.marks = marks
        self.shown = shown
        self.outcomes = outcomes
        self.unfinished = unfinished
        self.flagged = flagged
        self.flaggedMarks = flaggedMarks
        self.uncertain = uncertain
    }

    /// The number of ratings.
    public var ratings: Int { marks.values.reduce(0, +) }
}

/// The counts of the answers to one question in one group; sessions that were refused are left out.
public struct AnswerTally: Equatable, Sendable {
    public var keys: [String]
    public var question: String
    public var marks: [Int: Int]
    /// Passed over or «затрудняюсь ответить».
    public var passed: Int

    public init(keys: [String], question: String, marks: [Int: Int] = [:], passed: Int = 0) {
        self.keys = keys
        self.question = question
        self.marks = marks
        self.passed = passed
    }
}

/// `GET /v1/summary`.
public struct CollectorSummary: Codable, Equatable, Sendable {
    public var ratings: Int
    /// Kiosks that are enrolled and not revoked.
    public var kiosks: Int

    public init(ratings: Int, kiosks: Int) {
        self.ratings = ratings
        self.kiosks = kiosks
    }
}

/// One kiosk for `kiosk list` and the page.
public struct KioskStatus: Equatable, Sendable {
    public enum State: String, Codable, Sendable {
        /// Added, and no kiosk has used its code yet.
        case expected
        case active
        /// Its epoch was closed (`rewind_kiosk`): it needs to be enrolled again.
        case closed
        case revoked
    }

    public var id: KioskID
    public var place: KioskPlace
    public var state: State
    /// 0 before enrolment.
    public var epoch: Int
    /// The newest stored record of that epoch; 0 when there is none.
    public var storedSequence: Int64
    /// The newest record that the kiosk ever signed to us.
    public var claimedSequence: Int64
    /// When the newest record was stored, milliseconds since 1970.
    public var lastRecord: Int64?
    public var heartbeat: HeartbeatRow?

    public init(
        id: KioskID, place: KioskPlace, state: State, epoch: Int, storedSequence: Int64, claimedSequence: Int64,
        lastRecord: Int64?, heartbeat: HeartbeatRow?
    ) {
        self.id = id
        self.place = place
        self.state = state
        self.epoch = epoch
        self.storedSequence = storedSequence
        self.claimedSequence = claimedSequence
        self.lastRecord = lastRecord
        self.heartbeat = heartbeat
    }
}
