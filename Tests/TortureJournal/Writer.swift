import FoundationEssentials
import Glibc
import RealPrograms

/// A running journal-writer with what it says. It ends with this object at the latest.
final class Writer {
    let pid: pid_t
    private let output: Int32
    private var rest: [UInt8] = []
    private var isRunning = true

    /// Starts it, the words of `wrapper` before it.
    init(_ arguments: [String], at place: Place, wrapper: [String] = []) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw ChildError("no pipe can be made (errno \(errno))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        output = ends[0]
        let words = wrapper + [place.program("journal-writer")] + arguments
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, words[0], &actions, nil, &pointers, environ)
        close(ends[1])
        guard code == 0 else {
            close(output)
            throw ChildError("\(words[0]) cannot be started (errno \(code)); build it with: swift build")
        }
        self.pid = pid
    }

    deinit {
        if isRunning { _ = end(SIGKILL) }
        close(output)
    }

    /// Waits until so many lines begin with `word`, or until it has ended; gives what it said meanwhile.
    func read(until count: Int, _ word: String) throws -> [String] {
        var lines: [String] = []
        while lines.count(where: { $0.hasPrefix(word) }) < count {
            guard try fill() else { break }
            lines += takeLines()
        }
        return lines
    }

    /// Kills it and gives what it had said until then. A line that was cut off was not said.
    func kill() throws -> [String] {
        _ = end(SIGKILL)
        return try readToEnd()
    }

    /// What it says until it ends by itself.
    func readToEnd() throws -> [String] {
        while try fill() {}
        return takeLines()
    }

    /// Sends a signal if there is one, and waits; gives the exit status, or nothing for a program that a signal ended.
    func end(_ signal: Int32 = 0) -> Int32? {
        if signal != 0 { Glibc.kill(pid, signal) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        isRunning = false
        return status & 0x7F == 0 ? status >> 8 & 0xFF : nil
    }

    private func fill() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ChildError("the writer cannot be heard (errno \(errno))") }
            rest += buffer.prefix(count)
            return count > 0
        }
    }

    private func takeLines() -> [String] {
        guard let end = rest.lastIndex(of: 0x0A) else { return [] }
        defer { rest.removeSubrange(...end) }
        return rest[..<end].split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }
}
