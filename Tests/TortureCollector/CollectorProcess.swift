import CollectorWeb
import Curl
import FoundationEssentials
import Glibc
import Ledger
import RealPrograms
import Synchronization

/// A collector that is ended and started again on one folder and one port. Used by one thread.
public final class CollectorProcess {
    let folder: String
    let port: Int
    let log: String
    /// With which its receipts are signed.
    let name: String
    let key: PublicKey
    private let command: [String]
    /// Whether a kiosk may ask as often as it likes.
    private let isGenerous: Bool
    private var child: Child?

    public var address: String { "http://127.0.0.1:\(port)" }

    /// Makes a new collector; `command` is the program with what comes before `serve`, the real one where it is empty.
    public init(_ name: String, at place: Place, port: Int, command: [String] = [], isGenerous: Bool = true) throws {
        self.isGenerous = isGenerous
        let program = place.program("otsenka-collector")
        self.command = command.isEmpty ? [program] : command
        folder = "\(place.folder)/\(name)"
        log = "\(place.folder)/\(name).log"
        self.port = port
        self.name = "otsenka-torture"
        _ = try Child.output([program, "init", "--dir", folder, "--name", self.name], log: log)
        key = try DataFolder(folder).receiptKey.publicKey
    }

    /// Starts it, the words of `wrapper` before it; does not wait until it answers.
    public func start(
        wrapper: [String] = [], options: [String] = [], environment: [String: String] = [:]
    ) throws {
        child = try Child(
            wrapper + command + [
                "serve", "--dir", folder, "--host", "127.0.0.1", "--port", "\(port)", "--plain-http-loopback",
                "--enrolments-per-second", "1000000",
            ] + (isGenerous ? ["--requests-per-second", "1000000"] : []) + options, environment: environment, log: log)
    }

    var pid: pid_t? { child?.pid }

    /// Sends a signal and waits; nothing for a program that a signal ended.
    @discardableResult
    public func end(_ signal: Int32) -> Int32? {
        defer { child = nil }
        return child?.end(signal)
    }

    /// Whether it has ended by itself; its status is still to be waited for.
    var hasEnded: Bool {
        guard let child else { return true }
        var information = siginfo_t()
        // WNOWAIT leaves the status to `wait`; `si_signo` stays 0 while the child runs.
        return waitid(P_PID, id_t(child.pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            && information.si_signo == SIGCHLD
    }

    /// The exit status if it ends by itself within so many seconds, a signal as 128 + its number; else it is killed, and
    /// there is none.
    func waitForEnd(seconds: Int) -> Int32? {
        guard let child else { return nil }
        defer { self.child = nil }
        for _ in 0..<seconds * 200 {
            if hasEnded { return child.wait() ?? 128 + SIGKILL }
            usleep(5000)
        }
        // A program outlives its tracer.
        for pid in tracees(of: child.pid) { kill(pid, SIGKILL) }
        child.end(SIGKILL)
        return nil
    }

    /// Asks the program behind a tracer to end.
    func askToEnd() {
        guard let child else { return }
        for pid in tracees(of: child.pid) { kill(pid, SIGTERM) }
    }

    private func tracees(of pid: pid_t) -> [pid_t] {
        let path = "/proc/\(pid)/task/\(pid)/children"
        let text = (try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { pid_t($0) }
    }

    func removeFolder() {
        for path in [folder, log] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Waits until the collector answers.
    public func waitUntilItAnswers() throws {
        var limits = CurlLimits()
        limits.connectMilliseconds = 1000
        let session = try CurlSession(channel: .plainLoopback, limits: limits)
        _ = try wait(for: "the collector", log: log) {
            try? session.perform(CurlRequest(method: "GET", url: address + "/healthz")).status == 200 ? true : nil
        }
    }

    /// What `verify` says of the store, while nothing runs on it: nothing if it is right, else the first fault.
    func verify(with place: Place) -> String? {
        do {
            _ = try Child.output([place.program("otsenka-collector"), "verify", "--dir", folder], log: log + ".verify")
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Ports beneath the range from which the system takes those of clients, so that a port is free again at once after
    /// a kill.
    public static func freePort() throws -> Int {
        for _ in 0..<1000 {
            let port = 15_000 + Int(counter.wrappingAdd(1, ordering: .relaxed).newValue + Int(getpid()) * 7) % 15_000
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let isFree = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isFree { return port }
        }
        throw ChildError("no port between 15000 and 30000 is free on 127.0.0.1; stop what uses them")
    }

    private static let counter = Atomic<Int>(0)
}
