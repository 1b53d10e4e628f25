import FoundationEssentials
import Glibc

/// A program did not do what it was started for: what, why, and the next step.
public struct ChildError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// A program that a test or the bench has started; it ends with this object at the latest. Used by one thread.
public final class Child {
    public let pid: pid_t
    public private(set) var isRunning = true

    /// Starts `arguments[0]` (a path, or a name on the PATH). What it prints goes to the end of the file `log`.
    public init(_ arguments: [String], environment: [String: String] = [:], log: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of Dispatch block every signal and a child inherits that: it would not hear SIGTERM.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, arguments[0], &actions, &attributes, &words, &settings)
        guard code == 0 else {
            throw ChildError("\(arguments[0]) cannot be started (errno \(code)); see that it is installed")
        }
        self.pid = pid
    }

    deinit { if isRunning { _ = end(SIGKILL) } }

    /// Sends a signal and waits; gives the exit status, or nothing for a program that a signal ended.
    @discardableResult
    public func end(_ signal: Int32 = SIGTERM) -> Int32? {
        kill(pid, signal)
        return wait()
    }

    /// Waits for the end by itself.
    @discardableResult
    public func wait() -> Int32? {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        isRunning = false
        return status & 0x7F == 0 ? status >> 8 & 0xFF : nil
    }

    /// Whether it has ended by itself; `wait` still gives its status.
    public var hasEnded: Bool {
        var facts = siginfo_t()
        return !isRunning
            || (waitid(P_PID, id_t(pid), &facts, WEXITED | WNOHANG | WNOWAIT) == 0 && facts.si_signo == SIGCHLD)
    }

    /// Runs a command to its end and gives what it printed; `ChildError` for any status but 0.
    public static func output(_ arguments: [String], log: String) throws -> Data {
        try? FileManager.default.removeItem(atPath: log)
        let status = try Child(arguments, log: log).wait()
        let printed = (try? Data(contentsOf: URL(filePath: log))) ?? Data()
        guard status == 0 else {
            let said = String(decoding: printed, as: UTF8.self)
            throw ChildError("`\(arguments.joined(separator: " "))` failed: \(said)")
        }
        return printed
    }
}

/// Tries until there is something, for at most a minute.
public func wait<Value>(for what: String, log: String, _ attempt: () throws -> Value?) throws -> Value {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if let value = try attempt() { return value }
        usleep(20_000)
    }
    let said = (try? String(contentsOf: URL(filePath: log), encoding: .utf8))?.suffix(500) ?? ""
    throw ChildError("\(what) did not come within a minute; its log ends with: \(said)")
}

/// What the service manager listens on: hears a program's sd_notify(3).
public final class NotifySocket {
    public let path: String
    private let descriptor: Int32

    public init(path: String) throws {
        self.path = path
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw ChildError("\(path) is too long for a socket; choose a shorter folder with --under")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound else { throw ChildError("\(path) cannot be listened on (errno \(errno))") }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Waits until a program has said a line.
    public func hear(_ line: String) throws {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                throw ChildError("the kiosk did not say “\(line)” within 30 seconds")
            }
            let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
            if lines.contains(where: { $0 == line }) { return }
        }
    }
}
