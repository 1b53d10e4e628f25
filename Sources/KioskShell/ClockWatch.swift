import Ratings

/// Tells steps of the wall clock from its running, by the boot clock, which nobody can set.
///
/// Both clocks run at the same pace, also while NTP slews them; only setting the wall clock changes how far it is ahead.
/// The distance is compared with the one that is on record, not with the last look: many small steps add up.
struct ClockWatch {
    /// A difference beyond this is a step, milliseconds (`reliability.md` §7).
    static let stepMilliseconds: Int64 = 1_000

    /// How far the wall clock was ahead of the boot clock when that was last put on record, milliseconds.
    private var recorded: Int64
    /// The wall clock at the last look.
    private var lastWall: String

    init(offset: Int64, wall: String) {
        recorded = offset
        lastWall = wall
    }

    /// Gives what to put on record: the time of the look before, and the present one; nothing if nobody set the clock.
    mutating func look(offset: Int64, wall: String) -> ClockChange? {
        defer { lastWall = wall }
        guard abs(offset - recorded) > Self.stepMilliseconds else { return nil }
        recorded = offset
        return ClockChange(old: lastWall, new: wall)
    }
}
