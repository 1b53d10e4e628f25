import CConsole
import Glibc

/// A process that puts a terminal back when this program ends, however it ends.
struct ConsoleGuard: ~Copyable {
    let process: pid_t
    private let lifeline: Int32

    init(_ terminal: Int32, _ before: otsenka_console_state, thing: String) throws(DisplayError) {
        var before = before
        var (lifeline, process): (Int32, Int32) = (-1, -1)
        let code = otsenka_console_guard(terminal, &before, &lifeline, &process)
        guard code == 0 else {
            throw DisplayError(
                .failed, thing, "cannot be guarded (\(SystemCode(code)))",
                nextStep: "free memory, or raise the limit of processes (TasksMax)")
        }
        self.lifeline = lifeline
        self.process = process
    }

    /// Lets the guard put the terminal back and waits for it. False if it could not, or was killed before.
    consuming func release() -> Bool {
        let process = process
        Glibc.close(lifeline)
        discard self
        return Self.wait(for: process)
    }

    deinit {
        Glibc.close(lifeline)
        _ = Self.wait(for: process)
    }

    private static func wait(for process: pid_t) -> Bool {
        var status: Int32 = -1
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { return false }
        }
        return status == 0
    }
}
