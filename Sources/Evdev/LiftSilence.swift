/// Some protocol A panels never say that a finger lifted: they fall silent (Goodix gt80x, tslib issue 140). Others fall
/// silent while a finger rests. So silence ends a contact only on a panel that has not yet announced a lift of its own,
/// and not while it claims BTN_TOUCH; after its first announced lift a panel is believed for good.
struct LiftSilence: Sendable {
    /// Microseconds of the clock that the caller gives.
    private(set) var deadline: Int64?
    private var announcesLifts = false
    private var claimsTouch = false

    mutating func take(_ events: [RawEvent]) {
        for event in events where event.type == Code.key && event.code == Code.touch {
            claimsTouch = event.value != 0
        }
    }

    mutating func finishFrame(now: Int64, edges: [DecodedEdge], hasOpenContacts: Bool) {
        announcesLifts =
            announcesLifts
            || edges.contains { edge in
                if case .up(_, _, cancelled: false) = edge.kind { !edge.synthesised } else { false }
            }
        let isWaiting = hasOpenContacts && !announcesLifts && !claimsTouch
        deadline = isWaiting ? now + InputLimits.liftSilenceMilliseconds * 1000 : nil
    }

    mutating func lifted() { deadline = nil }
}
