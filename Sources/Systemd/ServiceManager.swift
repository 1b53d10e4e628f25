import CSystemd
import Glibc

/// What the process tells the service manager (sd_notify(3)) and gets from it. Outside systemd every call does nothing.
public enum ServiceManager {
    public enum Notice: Equatable, Sendable {
        /// Started: units ordered after this one may start.
        case ready
        /// One line for `systemctl status`.
        case status(String)
        /// Still making progress. Send it from the work that must not stop, not from a timer of its own.
        case watchdog
        case stopping
        /// Starting takes so much longer than TimeoutStartSec allows.
        case extendTimeout(milliseconds: Int64)

        var assignment: String {
            switch self {
            case .ready: "READY=1"
            case .status(let text): "STATUS=" + String(text.map { $0.isNewline ? " " : $0 }.prefix(256))
            case .watchdog: "WATCHDOG=1"
            case .stopping: "STOPPING=1"
            case .extendTimeout(let milliseconds): "EXTEND_TIMEOUT_USEC=\(max(0, milliseconds) * 1000)"
            }
        }
    }

    /// Sends the notices in one message. False where no service manager listens (`NOTIFY_SOCKET` unset).
    @discardableResult
    public static func notify(_ notices: Notice...) throws(SystemdError) -> Bool {
        let message = notices.map(\.assignment).joined(separator: "\n")
        return try SystemdError.check(sd_notify(0, message), "sd_notify") > 0
    }

    /// The time within which the service manager wants `.watchdog`; notify at half of it. Nothing if it does not watch.
    public static func watchdogIntervalMilliseconds() throws(SystemdError) -> Int64? {
        var microseconds: UInt64 = 0
        let watched = try SystemdError.check(sd_watchdog_enabled(0, &microseconds), "sd_watchdog_enabled")
        return watched > 0 ? Int64(clamping: microseconds / 1000) : nil
    }

    /// The listening sockets handed over by socket activation, with their names; the caller owns them.
    /// Later calls, and child processes, get none.
    public static func takeListeningDescriptors() throws(SystemdError) -> [(name: String, descriptor: Int32)] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = try SystemdError.check(sd_listen_fds_with_names(1, &names), "sd_listen_fds_with_names")
        defer { free(names) }
        return (0..<Int(count)).map { index in
            let name = names?[index].map { String(cString: $0) } ?? "unknown"
            free(names?[index])
            return (name, SD_LISTEN_FDS_START + Int32(index))
        }
    }
}
