import FoundationEssentials
import Glibc
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
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let wall = Self.text(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
        return (wall, Self.state(of: wall, isSynchronised: FileManager.default.fileExists(atPath: synchronised)))
    }

    /// Whether to believe a wall clock. The format has fixed width, so texts compare as times do.
    static func state(of wall: String, isSynchronised: Bool) -> ClockState {
        if wall < floor { return .unset }
        return isSynchronised ? .synced : .free
    }

    /// How far the wall clock is ahead of the boot clock, milliseconds: constant as long as nobody sets it.
    func offsetMilliseconds() -> Int64 {
        // A program that is held up between both clocks would take that for a step: the closest pair of a few counts.
        var best = (width: Int64.max, offset: Int64(0))
        for _ in 0..<5 where best.width > 20 {
            let before = KernelClock.boot.milliseconds
            let wall = Int64(Date.now.timeIntervalSince1970 * 1000)
            let width = KernelClock.boot.milliseconds - before
            if width < best.width { best = (width, wall - before) }
        }
        return best.offset
    }

    /// RFC 3339 in UTC with milliseconds of a time since 1970. Foundation's style would ask ICU for the machine's time
    /// zone, which costs the kiosk megabytes for a zone that it does not use.
    static func text(seconds: Int, milliseconds: Int) -> String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func digits(_ value: Int32, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return digits(parts.tm_year + 1900, 4) + "-" + digits(parts.tm_mon + 1, 2) + "-" + digits(parts.tm_mday, 2)
            + "T"
            + digits(parts.tm_hour, 2) + ":" + digits(parts.tm_min, 2) + ":" + digits(parts.tm_sec, 2) + "."
            + digits(Int32(milliseconds), 3) + "Z"
    }
}
