import Ratings

/// The session that is on the screen. It is forgotten as a whole, so that the next visitor finds no trace of it.
struct OpenSession: Sendable {
    let id: SessionID
    let begun: Int64
    var language: String
    /// Durable marks: how many, the first one, and when the last one became durable.
    var marks = 0
    var firstMark: Int?
    var marked: Int64?

    /// Which question is on the screen, from 0, and since when.
    var index = 0
    var asked: Int64
    /// From when on it takes presses.
    var armed: Int64
    /// Whether «Готово» is offered on this question; it does not appear under a press that has just become durable.
    var mayFinish = false
    /// The last sign that somebody is there.
    var alive: Int64
    var press: Press?
    var warning: Warning?

    init(id: SessionID, begun: Int64, language: String) {
        self.id = id
        self.begun = begun
        self.language = language
        asked = begun
        armed = begun
        alive = begun
    }

    mutating func mark(_ value: Int, at now: Int64) {
        marks += 1
        firstMark = firstMark ?? value
        marked = now
    }
}

/// The press that leads from a question to the next screen.
struct Press: Sendable {
    let target: TargetID
    let time: Int64
    var isHighlighted = true
    /// Nothing of it waits for the store.
    var isDurable: Bool
}

/// The warning of the time that runs out.
struct Warning: Sendable {
    var secondsLeft: Int
    /// When «more time» was pressed; the warning goes when the highlight has been seen.
    var answered: Int64?
}
