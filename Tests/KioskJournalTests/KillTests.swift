import FoundationEssentials
import GRDB
import Glibc
import Ledger
import Ratings
import SeededRandom
import Testing

@testable import KioskJournal

@Suite struct KillTests {
    /// `reliability.md` §3, G1: a thanked record survives any crash of the process. This test is the witness that is never
    /// killed: it keeps what the writer said to be durable.
    @Test(arguments: [0x07A1_5EED as UInt64])
    func whatWasSaidToBeDurableIsThereAfterAHundredKills(seed: UInt64) throws {
        let fixture = try Fixture()
        try fixture.enrolled().close()
        var random = SplitMix(seed)
        var thanked: [Int64: String] = [:]
        var killedWhileStoring = 0
        for round in 0..<100 {
            let writer = try Writer(directory: fixture.directory)
            // Killed 0–20 ms after the first record of the round, or already while it opens the journal.
            let records = round % 10 == 9 ? 0 : Int(random.next() % 4) + 1
            let delayMicroseconds = UInt32(random.next() % 20_000)
            var said = records == 0 ? [] : try writer.read(untilRecords: records)
            usleep(delayMicroseconds)
            said += try writer.kill()
            let comment: Comment = "seed \(seed), round \(round)"
            for line in said {
                let parts = line.split(separator: " ")
                try #require(parts.count >= 2 && parts[0] != "failed" && parts[0] != "damaged", "\(line), \(comment)")
                if parts[0] == "open" {
                    let sequence = try #require(Int64(parts[1]))
                    let highest = thanked.keys.max() ?? 0
                    // A record whose thanks was cut off may be there: one more at most.
                    #expect(sequence == highest || sequence == highest + 1, comment)
                    continue
                }
                let sequence = try #require(Int64(parts[1]))
                #expect(parts[0] == "1" && thanked[sequence] == nil, comment)
                thanked[sequence] = String(parts[2])
            }
            if said.count > 1 { killedWhileStoring += 1 }
        }
        #expect(killedWhileStoring >= 80, "the kills must hit a writer at work")
        let journal = try fixture.open()
        guard case .intact(let records, _)? = try journal.verify() else {
            Issue.record("the chain is broken, seed \(seed)")
            return
        }
        #expect(records >= Int64(thanked.count) && records <= Int64(thanked.count) + 100)
        for (sequence, hash) in thanked { #expect(try storedHash(journal, sequence) == hash) }
        #expect(try journal.access("check") { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    private func storedHash(_ journal: Journal, _ sequence: Int64) throws -> String? {
        try journal.batch(first: sequence, maximumRecords: 1)?.lines.first.map { ChainHash(of: Data($0.utf8)).base64 }
    }
}

/// A running journal-writer with its standard output.
private final class Writer {
    private var process: pid_t = 0
    private var output: Int32
    private var rest: [UInt8] = []

    init(directory: String) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(what: "pipe", errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        output = ends[0]
        // It is built beside the test program, because the tests depend on it.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = String(tests[..<(tests.lastIndex(of: "/") ?? tests.endIndex)]) + "/journal-writer"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup(directory), nil]
        let code = posix_spawn(&process, program, &actions, nil, &arguments, environ)
        posix_spawn_file_actions_destroy(&actions)
        for argument in arguments { free(argument) }
        close(ends[1])
        guard code == 0 else { throw Failure(what: "posix_spawn \(program)", errno: code) }
    }

    deinit {
        if process != 0 {
            Glibc.kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        close(output)
    }

    /// Waits until it has said that so many records are durable.
    func read(untilRecords count: Int) throws -> [String] {
        var lines: [String] = []
        while lines.count(where: { $0.first?.isNumber == true }) < count {
            guard try fill() else { throw Failure(what: "the writer ended: \(lines)", errno: 0) }
            lines += takeLines()
        }
        return lines
    }

    /// Kills it and returns what it had said until then. A line that was cut off was not said.
    func kill() throws -> [String] {
        Glibc.kill(process, SIGKILL)
        waitpid(process, nil, 0)
        process = 0
        while try fill() {}
        return takeLines()
    }

    private func fill() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(output, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Failure(what: "read", errno: errno) }
            rest += buffer.prefix(count)
            return count > 0
        }
    }

    private func takeLines() -> [String] {
        guard let end = rest.lastIndex(of: 0x0A) else { return [] }
        defer { rest.removeSubrange(...end) }
        return rest[..<end].split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }

    struct Failure: Error {
        let what: String
        let errno: Int32
    }
}
