/// Where the wish to ask came from.
public enum VisitSource: String, Codable, Sendable, CaseIterable {
    /// The queue system said that a visit has ended.
    case queue
    /// A ticket was scanned.
    case ticket
    /// The operator pressed a key.
    case `operator`
    /// Somebody touched the screen or a key; kept and counted apart.
    case unsolicited
}

/// One served ticket, as far as the hall's systems told us. Never a name.
public struct Visit: Codable, Equatable, Sendable {
    public var source: VisitSource
    public var ticket: String?
    public var window: String?
    public var service: String?
    public var stage: String?

    public init(
        source: VisitSource, ticket: String? = nil, window: String? = nil, service: String? = nil, stage: String? = nil
    ) {
        self.source = source
        self.ticket = ticket
        self.window = window
        self.service = service
        self.stage = stage
    }

    public static let unsolicited = Visit(source: .unsolicited)
}

/// How a session ended. shown = answered + timeout + cancelled + interrupted + refused.
public enum Outcome: String, Codable, Sendable, CaseIterable {
    /// The visitor answered all that was asked, or pressed «Готово» after at least one answer.
    case answered
    /// Nobody pressed for so long that the dialog went back to idle; answers already durable stay.
    case timeout
    /// The visitor left the dialog by a button before the first answer.
    case cancelled
    /// The kiosk stopped, lost its screen, or was told to close in the middle.
    case interrupted
    /// An answer whose storage failed was found durable after all; it is never counted.
    case refused
}
