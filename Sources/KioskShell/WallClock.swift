import FoundationEssentials
import Ratings
import Systemd

/// The wall clock and what is known of it.
struct WallClock {
    /// The build date of this release: a clock before it is certainly wrong. Moved forward with each release.
    static let floor = "2026-11-22T00:00:00.000Z"

    /// systemd-timesyncd touches this file when it has set the clock (systemd-timesyncd.service(8)). adjtimex is hidden
    /// by ProtectClock, so the file is asked instead.
    var synchronised = "/run/systemd/timesync/synchronized"

    /// RFC 3339 in UTC with milliseconds, and whether to believe it.
    func now() -> (wall: String, state: ClockState) {
        let wall = Date.now.formatted(Self.style)
        // The format has fixed width, so texts compare as times do.
        if wall < Self.floor { return (wall, .unset) }
        return (wall, FileManager.default.fileExists(atPath: synchronised) ? .synced : .free)
    }

    /// How far the wall clock is ahead of the boot clock, milliseconds: constant as long as nobody sets it.
    func offsetMilliseconds() -> Int64 {
        Int64(Date.now.timeIntervalSince1970 * 1000) - KernelClock.boot.milliseconds
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
