import FoundationEssentials
import Glibc
import KioskControl

/// Has the image's own script `maintain` carry out a verb, with nothing that a caller could make up: a port's name is held
/// to its form, everything else is ours.
struct MaintainTool {
    let path: String
    /// Where the tool leaves what it has read.
    let folder: String

    /// What the tool may print: the names of `StickItem`, and one line of why not.
    private static let longestOutput = 65_536

    func carryOut(_ verb: MaintainVerb, for visit: MaintainGuard.Allowed) throws -> MaintainAnswer {
        let words: [String]
        switch verb {
        case .setNetwork: words = ["set-network"]
        case .setClock(let seconds):
            // 2000 to 2100: what no 32-bit counter or old firmware chokes on.
            guard (946_684_800...4_102_444_800).contains(seconds) else {
                throw MaintainRefused(reason: "\(seconds) is no time that a kiosk could live in")
            }
            words = ["set-clock", "\(seconds)"]
        case .readStick(let port):
            words = ["read-stick", try Self.checked(port), visit.kiosk.rawValue] + visit.items.map(\.rawValue)
        case .writeStick(let port): words = ["write-stick", try Self.checked(port)]
        case .installUpdate: words = ["install-update"]
        case .restart: words = ["restart"]
        }
        return try run(words)
    }

    /// `1-2.3`, as the kernel names a port.
    private static func checked(_ port: String) throws -> String {
        let parts = port.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.dropFirst().first?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        let isNumber = { (text: Substring) in
            (1...3).contains(text.utf8.count) && text.utf8.allSatisfy { 48...57 ~= $0 }
        }
        guard parts.count == 2, isNumber(parts[0]), (1...7).contains(numbers.count), numbers.allSatisfy(isNumber) else {
            throw MaintainRefused(reason: "\(port.prefix(40)) is no USB port")
        }
        return port
    }

    private func run(_ words: [String]) throws -> MaintainAnswer {
        let (status, output, complaint) = try Self.output([path] + words, environment: ["OTSENKA_STATE": folder])
        if status == 0 {
            return .done(output.split(separator: "\n").compactMap { StickItem(rawValue: String($0)) })
        }
        let why = complaint.split(separator: "\n").last.map(String.init) ?? "\(path) \(words[0]) ended with \(status)"
        return .failed(MaintainTrouble(rawValue: Int(status)) ?? .machine, reason: why)
    }

    /// Runs a program to its end; what it prints goes through files, so that none of it can fill a pipe.
    private static func output(
        _ arguments: [String], environment: [String: String]
    ) throws -> (status: Int32, output: String, complaint: String) {
        let failed = Failure(
            status: 70, message: "\(arguments[0]) cannot be started; is this the image's otsenka-kiosk?")
        guard let output = tmpfile(), let complaint = tmpfile() else { throw failed }
        defer {
            fclose(output)
            fclose(complaint)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, fileno(output), STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, fileno(complaint), STDERR_FILENO)
        let variables = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"].merging(environment) { $1 }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var process: pid_t = 0
        guard posix_spawn(&process, arguments[0], &actions, nil, &words, &settings) == 0 else { throw failed }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let exit = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
        return (exit, text(of: output), text(of: complaint))
    }

    private static func text(of file: UnsafeMutablePointer<FILE>) -> String {
        rewind(file)
        var bytes = [UInt8](repeating: 0, count: longestOutput)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
