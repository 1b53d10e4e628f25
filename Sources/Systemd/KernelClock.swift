import Glibc

/// The kernel's clocks that nobody can set.
public enum KernelClock: Sendable {
    /// CLOCK_BOOTTIME: counts through suspend. The clock of the records.
    case boot
    /// CLOCK_MONOTONIC: stands still in suspend. The clock of the kernel's input events and of animation.
    case monotonic

    /// Now, in whole milliseconds since the machine started.
    public var milliseconds: Int64 { nanoseconds / 1_000_000 }

    /// Now, in nanoseconds since the machine started.
    public var nanoseconds: Int64 {
        var time = timespec()
        guard clock_gettime(id, &time) == 0 else {
            preconditionFailure("every kernel that runs Swift has \(self) time")
        }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    var id: clockid_t {
        switch self {
        case .boot: CLOCK_BOOTTIME
        case .monotonic: CLOCK_MONOTONIC
        }
    }
}
