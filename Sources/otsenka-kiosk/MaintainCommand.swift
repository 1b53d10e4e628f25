import ArgumentParser
import FoundationEssentials
import Glibc
import KioskControl

/// `otsenka-kiosk maintain`: one request on standard input, started by `otsenka-maintain.socket`.
///
/// The seam is real and what stands behind it is small: the verbs are a closed list, a request is read and judged, and as
/// long as no technician's visit can be opened (issue 4) every one of them is refused.
struct MaintainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintain",
        abstract: "Carry out one verb of a technician's signed visit (for systemd's socket, not for people).",
        discussion: "Reads one framed request on standard input and writes one framed answer to standard output.")

    func run() throws {
        let answer = judge(try readRequest())
        try write(ControlCoding.encode(answer))
    }

    private func judge(_ message: Data) -> MaintainAnswer {
        guard (try? ControlCoding.decode(MaintainRequest.self, from: message)) != nil else {
            return .failed(reason: "the request is none of the verbs of maintain; use one release for all parts")
        }
        return .refused(reason: "no technician's visit is open; this release cannot open one yet")
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
            throw Failure(status: 74, message: "the answer could not be written; nothing was done")
        }
    }
}
