import Foundation
import Testing

@testable import Display

/// On a virtual terminal that nobody looks at, where this machine has one and lets us configure it.
@Suite(.serialized) struct ConsoleTests {
    private static let path = "/dev/tty60"

    private static var canConfigureTerminals: Bool {
        guard geteuid() == 0, let state = try? TerminalState(path) else { return false }
        return state.displayMode == TerminalState.text
    }

    @Test func aFileThatIsNoTerminalIsRefused() throws {
        let error = try #require(throws: DisplayError.self) { try Console("/dev/null") }
        #expect(
            error.description
                == "console /dev/null is not a virtual terminal (ENOTTY); name a terminal such as /dev/tty1, or none")
        #expect(throws: DisplayError.self) { try Console("/dev/no-such-terminal") }
    }

    @Test(.enabled("needs root and a kernel with virtual terminals", { canConfigureTerminals }))
    func aTakenTerminalShowsNoTextAndIsPutBackByClose() throws {
        let before = try TerminalState(Self.path)
        let console = try Console(Self.path)
        #expect(console.keyboardWarning == nil)
        let taken = try TerminalState(Self.path)
        #expect(taken.displayMode == TerminalState.graphics)
        #expect(taken.keyboardMode == TerminalState.off)
        console.close()
        #expect(try TerminalState(Self.path) == before)
        console.close()
    }

    @Test(.enabled("needs root and a kernel with virtual terminals", { canConfigureTerminals }))
    func aTerminalIsPutBackAfterItsHolderIsKilled() throws {
        let before = try TerminalState(Self.path)
        let holder = Process()
        holder.executableURL = try programsFolder().appending(path: "otsenka-testbench")
        holder.arguments = ["console", Self.path]
        let (input, output) = (Pipe(), Pipe())
        holder.standardInput = input
        holder.standardOutput = output
        try holder.run()
        let line = output.fileHandleForReading.availableData
        #expect(String(decoding: line, as: UTF8.self) == "taken \(Self.path)\n")
        #expect(try TerminalState(Self.path).displayMode == TerminalState.graphics)
        kill(holder.processIdentifier, SIGKILL)
        holder.waitUntilExit()
        // The guard is nobody's child now, so there is nothing to wait for but its deed; it takes a millisecond.
        var after = try TerminalState(Self.path)
        for _ in 0..<10_000 where after != before {
            usleep(1000)
            after = try TerminalState(Self.path)
        }
        #expect(after == before)
    }

    /// A guard that cannot restore says so; it holds no descriptor but the terminal and its end of the pipe.
    @Test func theGuardHoldsNothingElse() throws {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let keeper = try ConsoleGuard(null, .init(), thing: "console /dev/null")
        let folder = "/proc/\(keeper.process)/fd"
        var held = try FileManager.default.contentsOfDirectory(atPath: folder)
        // It closes what it inherited right after it starts.
        for _ in 0..<10_000 where held.count != 2 {
            usleep(1000)
            held = try FileManager.default.contentsOfDirectory(atPath: folder)
        }
        #expect(held.sorted() == ["0", "1"])
        let process = keeper.process
        let isRestored = keeper.release()
        #expect(!isRestored)
        #expect(kill(process, 0) == -1)
    }

    /// Where this run's programs are: beside the test runner.
    private func programsFolder() throws -> URL {
        let runner = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: runner).deletingLastPathComponent()
    }
}

/// KDGETMODE and KDGKBMODE, asked independently of the code under test.
private struct TerminalState: Equatable {
    static let (text, graphics): (Int32, Int32) = (0, 1)
    static let off: Int32 = 4

    var displayMode: Int32 = -1
    var keyboardMode: Int32 = -1

    init(_ path: String) throws {
        let file = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard file >= 0 else { throw POSIXError(.ENXIO) }
        defer { close(file) }
        guard ioctl(file, 0x4B3B, &displayMode) == 0, ioctl(file, 0x4B44, &keyboardMode) == 0 else {
            throw POSIXError(.ENOTTY)
        }
    }
}
