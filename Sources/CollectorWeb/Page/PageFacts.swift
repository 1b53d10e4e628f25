import Collecting
import Reporting

/// Everything that the public page is drawn from: counts as the store has them, nothing yet hidden or rounded.
struct PageFacts: Sendable {
    var collector: String
    /// When the facts were read, seconds since 1970.
    var now: Int64
    var places: [Place]
    var kiosks: [Kiosk]
    /// The appendix.
    var integrity: [IntegrityRow] = []

    /// One service of one office.
    struct Place: Sendable {
        var office: String?
        var service: String?
        var counts: Counts
    }

    /// One kiosk and when it was last heard of.
    struct Kiosk: Sendable {
        enum State: String, Sendable, CaseIterable { case waiting, enrolled, closed, revoked }

        var id: String
        var office: String
        var service: String?
        var window: String?
        var state: State
        /// Seconds since 1970; nothing when it never reported.
        var lastSeen: Int64?
        /// Records that it said it had still to send.
        var unsent: Int?
        var marks: [String]
    }
}
