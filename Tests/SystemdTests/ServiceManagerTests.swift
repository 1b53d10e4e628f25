import Glibc
import Systemd
import Testing

// The environment is the process's own, so these run one after another.
@Suite(.serialized) struct ServiceManagerTests {
    @Test func withoutAServiceManagerNothingIsSent() throws {
        unsetenv("NOTIFY_SOCKET")
        #expect(try !ServiceManager.notify(.ready, .status("waiting")))
        #expect(try ServiceManager.takeListeningDescriptors().isEmpty)
    }

    @Test func noticesArriveAsOneMessage() throws {
        let path = "/tmp/otsenka-notify-\(getpid()).sock"
        unlink(path)
        defer { unlink(path) }
        let socket = try receiver(at: path)
        defer { close(socket) }
        setenv("NOTIFY_SOCKET", path, 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        #expect(try ServiceManager.notify(.ready, .status("first\nline"), .watchdog, .extendTimeout(milliseconds: 5)))
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(socket, &buffer, buffer.count, 0)
        let message = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        #expect(message == "READY=1\nSTATUS=first line\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=5000")
    }

    @Test func theWatchdogsIntervalIsTheUnits() throws {
        unsetenv("WATCHDOG_USEC")
        #expect(try ServiceManager.watchdogIntervalMilliseconds() == nil)
        setenv("WATCHDOG_USEC", "10000000", 1)
        setenv("WATCHDOG_PID", String(getpid()), 1)
        defer {
            unsetenv("WATCHDOG_USEC")
            unsetenv("WATCHDOG_PID")
        }
        #expect(try ServiceManager.watchdogIntervalMilliseconds() == 10_000)
        setenv("WATCHDOG_PID", "1", 1)
        #expect(try ServiceManager.watchdogIntervalMilliseconds() == nil)
    }

    private func receiver(at path: String) throws -> Int32 {
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        return number
    }
}
