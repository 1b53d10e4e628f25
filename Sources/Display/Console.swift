import CConsole
import Glibc

/// The kernel's text console while a display covers it: no text and no blinking cursor are drawn over the picture, and
/// keys neither switch terminals nor restart the machine.
///
/// The terminal is put back by a guard process that waits for this program's end, so a crash or SIGKILL puts it back
/// too. The guard is a copy of this program made by fork, which holds nothing but the terminal and one end of a pipe;
/// taking the console before threads and large buffers exist keeps it small.
public final class Console {
    /// The terminal that was taken: "/dev/tty1".
    public let path: String
    /// Set when keys still reach the terminal, because turning them off was refused.
    public let keyboardWarning: DisplayError?
    private let file: DeviceFile
    private let before: otsenka_console_state
    private var keeper: ConsoleGuard?

    /// Takes the terminal at `path`, or the one in the foreground. Throws `.absent` on a machine without virtual
    /// terminals, where there is nothing to take, and `.notPermitted` without the right to configure one.
    public init(_ path: String? = nil) throws(DisplayError) {
        let path = path ?? Self.foreground()
        let thing = "console \(path)"
        let file = try DeviceFile(path, flags: O_NOCTTY, thing: thing, group: "tty")
        var before = otsenka_console_state()
        var code = otsenka_console_read(file.descriptor, &before)
        guard code == 0 else {
            throw DisplayError(
                .absent, thing, "is not a virtual terminal (\(SystemCode(code)))",
                nextStep: "name a terminal such as /dev/tty1, or none")
        }
        // Before anything changes, so that no crash comes in between.
        let keeper = try ConsoleGuard(file.descriptor, before, thing: thing)
        code = otsenka_console_graphics(file.descriptor)
        guard code == 0 else {
            throw DisplayError(
                code == EPERM ? .notPermitted : .failed, thing, "cannot be set to graphics (\(SystemCode(code)))",
                nextStep: Self.rights(path))
        }
        code = otsenka_console_keyboard_off(file.descriptor)
        keyboardWarning =
            code == 0
            ? nil
            : DisplayError(
                .notPermitted, thing, "still acts on keys (\(SystemCode(code)))", nextStep: Self.rights(path))
        self.path = path
        self.before = before
        self.keeper = consume keeper
        self.file = file
    }

    private static func rights(_ path: String) -> String {
        "run the service with TTYPath=\(path) and StandardInput=tty, or with CAP_SYS_TTY_CONFIG"
    }

    /// Puts the terminal back and waits until it is.
    public func close() {
        guard let keeper = keeper.take() else { return }
        if !keeper.release() {
            // Somebody killed the guard.
            var before = before
            otsenka_console_restore(file.descriptor, &before)
        }
    }

    deinit {
        close()
    }

    /// The terminal on the screen; /dev/tty0 stands for whichever that is at the time of each call, which may change.
    private static func foreground() -> String {
        let fallback = "/dev/tty0"
        let file = Glibc.open("/sys/class/tty/tty0/active", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return fallback }
        defer { Glibc.close(file) }
        let name = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
            let got = read(file, buffer.baseAddress, buffer.count)
            return String(decoding: buffer[..<max(got, 0)].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
        return name.hasPrefix("tty") ? "/dev/\(name)" : fallback
    }
}
