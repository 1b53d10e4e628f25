/// What this start of the program has shown of itself: the health gate of an update (G37) asks for all of it before a
/// freshly installed release counts as good. A process that is merely alive shows none of it.
struct Readiness: Equatable {
    /// A frame went to a display that is there.
    var hasDrawn = false
    /// Before enrolment there is no chain that a start could be put on record in; opening the store has counted the start.
    var isEnrolled = false
    /// The records of this start are durable.
    var isStartOnRecord = false
    var hasInput = false
    /// A panel or button box is there and could not be opened.
    var isInputForbidden = false

    /// One sentence for each thing that has not been shown yet; nothing when the release does its work.
    ///
    /// A kiosk without any panel or buttons is no fault of a release: an older one could not open them either.
    var missing: [String] {
        var missing: [String] = []
        if !hasDrawn { missing.append("nothing was drawn on a display") }
        if isEnrolled && !isStartOnRecord { missing.append("the store has not taken the record of this start") }
        if !hasInput && isInputForbidden { missing.append("an input device is there and may not be opened") }
        return missing
    }
}
