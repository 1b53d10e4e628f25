import ArgumentParser
import FoundationEssentials
import Glibc
import KioskControl

/// `otsenka-kiosk maintain`: one request on standard input, started by `otsenka-maintain.socket`.
struct MaintainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintain",
        abstract: "Carry out one verb of a technician's signed visit (for systemd's socket, not for people).",
        discussion: """
            Reads one framed request on standard input and writes one framed answer to standard output. The visit's note is \
            verified here again, by the key that was pinned at the enrolment, whoever asks.
            """,
        subcommands: [Open.self, End.self, Pin.self])

    @Option(help: "The folder of what is pinned and of what was read from a stick; root's alone.")
    var stateDir = "/var/lib/otsenka-maintain"

    @Option(help: "The folder of the tool that has its hands on the machine.")
    var tools = "/usr/lib/otsenka"

    func run() throws {
        let answer = answer(to: try readRequest())
        if case .done = answer {
        } else {
            var standardError = StandardError()
            print("otsenka-kiosk maintain: \(answer.reason)", to: &standardError)
        }
        try write(ControlCoding.encode(answer))
    }

    private func answer(to message: Data) -> MaintainAnswer {
        guard let request = try? ControlCoding.decode(MaintainRequest.self, from: message) else {
            return .failed(
                .machine, reason: "the request is none of the verbs of maintain; use one release for all parts")
        }
        do {
            let allowed = try MaintainGuard(folder: stateDir).allow(request, at: .now())
            return try MaintainTool(path: tools + "/maintain", folder: stateDir).carryOut(request.verb, for: allowed)
        } catch let refusal as MaintainRefused {
            return .refused(reason: refusal.reason)
        } catch let failure as Failure {
            return .failed(.machine, reason: failure.message)
        } catch {
            return .failed(.machine, reason: "\(error)")
        }
    }

    /// 4 bytes of length, then the message; the length is checked before anything is read.
    private func readRequest() throws -> Data {
        let header = try read(4)
        let length = header.reduce(0) { $0 << 8 | Int($1) }
        guard length <= ControlCoding.maximumBytes else {
            throw Failure(status: 65, message: "a request of \(length) bytes is longer than any verb; nothing was done")
        }
        return try read(length)
    }

    private func read(_ count: Int) throws -> Data {
        var bytes = Data()
        while bytes.count < count {
            var chunk = [UInt8](repeating: 0, count: min(65536, count - bytes.count))
            let got = Glibc.read(STDIN_FILENO, &chunk, chunk.count)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw Failure(status: 65, message: "the request ended early; nothing was done") }
            bytes.append(contentsOf: chunk[..<got])
        }
        return bytes
    }

    private func write(_ message: Data) throws {
        var frame = Data()
        withUnsafeBytes(of: UInt32(message.count).bigEndian) { frame.append(contentsOf: $0) }
        frame.append(message)
        let written = frame.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        guard written == frame.count else {
            throw Failure(status: 74, message: "the answer could not be written; the verb was carried out")
        }
    }
}

extension MaintainAnswer {
    fileprivate var reason: String {
        switch self {
        case .done: ""
        case .refused(let reason), .failed(_, let reason): reason
        }
    }
}

extension MaintainCommand {
    /// For a kiosk without a network; the image's otsenka-visit.service calls it.
    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a technician's visit by the file that `otsenka-collector kiosk visit --output` wrote.",
            discussion: "Ends with 77 when the note is refused, 69 when the kiosk does not run.")

        @OptionGroup var runtime: RuntimeOptions

        @Argument(help: "The file with the note.")
        var file: String

        func run() throws {
            guard let data = try? Data(contentsOf: URL(filePath: file)), data.count <= 8192 else {
                throw Failure(status: 65, message: "\(file) cannot be read, or is too long for a note; copy it again")
            }
            // As editors of other systems write it.
            let note = String(decoding: data, as: UTF8.self).replacing("\r\n", with: "\n")
            let answer = try runtime.ask(.openMaintenance(note: note), seconds: 60)
            guard answer == .done else { throw answer.failure }
        }
    }

    struct End: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End the technician's visit that is open, before its time is over.")

        @OptionGroup var runtime: RuntimeOptions

        func run() throws {
            let answer = try runtime.ask(.endMaintenance)
            guard answer == .done else { throw answer.failure }
        }
    }

    struct Pin: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remember whose visits are believed: this kiosk's collector, as root, right after the enrolment.",
            discussion: "From then on the key is followed only through successions that the one before has signed.")

        @ParentCommand var maintain: MaintainCommand

        @OptionGroup var runtime: RuntimeOptions

        func run() throws {
            let answer = try runtime.ask(.identify)
            guard case .identity(let identity) = answer else { throw answer.failure }
            try MaintainGuard(folder: maintain.stateDir).pin(identity)
        }
    }
}
