import Ratings

/// What the shell has to do, in this order.
public enum DialogAction: Equatable, Sendable {
    /// Store the record durably and answer `stored` or `storeFailed` with the token. One at a time is under way.
    case append(RecordBody, AppendToken)
    /// The visit was taken: its dialog is shown now, or as soon as the thanks of the one before is over.
    case visitTaken
    case visitRefused(VisitRefusal)
    /// The session's answer to this question may or may not be durable, and was not thanked: note both under `/run`, so that
    /// the next start can end the session as refused where it is (`reliability.md` §4, error path). Comes before the screen
    /// changes.
    case failedAnswer(SessionID, question: String)
    /// The store has not answered within `DialogLimits.store`: for the log. What follows is as if it had failed.
    case storeSilent
    /// The store has failed and the visitor has been told: close the store and exit with 75, to be started again.
    case restart
}

/// Ties an answer of the store to its `append`.
public struct AppendToken: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Why a visit is not asked about.
public enum VisitRefusal: Equatable, Sendable {
    /// Another visitor is in front of the screen. The visit is not queued: by the time that the dialog is free, its
    /// visitor has gone, and the next person would rate a service they did not receive.
    case dialogShown
    /// Nobody can be asked now.
    case closed
    /// The store has not yet taken the records of the sessions before.
    case busy
    /// A field is empty, longer than `DialogLimits.visitFieldBytes`, or has control characters.
    case malformed

    /// For the one who sent the visit, with the next step.
    public var reason: String {
        switch self {
        case .dialogShown: "another dialog is on the screen; send the next visit when it ends"
        case .closed: "the kiosk is closed; see the reason in otsenka-kiosk status"
        case .busy: "the store is still writing; send the visit again in a second"
        case .malformed:
            "a field of the visit is empty, longer than \(DialogLimits.visitFieldBytes) bytes or has control "
                + "characters; correct it in the queue system"
        }
    }
}

extension ClosedReason {
    /// The store did not take a record, or did not answer in time: fault 1 of the technician's guide.
    public static let storeFault = ClosedReason.fault(code: 1)
}
