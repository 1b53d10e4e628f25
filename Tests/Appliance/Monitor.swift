import Foundation
import Glibc
import RealPrograms

/// The machine protocol of QEMU (QMP, docs/interop/qmp-spec.rst) over its Unix socket. Used by one thread.
public final class Monitor {
    private let descriptor: Int32
    private var unread = Data()
    /// Why the machine stopped, as QEMU's event says it: "guest-reset", "guest-shutdown", "guest-panic".
    private(set) var ending: String?

    /// Waits until QEMU listens at `path`, at most a minute.
    public init(path: String, log: String) throws {
        descriptor = try RealPrograms.wait(for: "QEMU's monitor", log: log) { try Self.connect(path) }
        _ = try next()
        try call("qmp_capabilities")
    }

    deinit { close(descriptor) }

    /// Runs a command and gives what it returns; `ChildError` with QEMU's own words when it refuses.
    @discardableResult
    public func call(_ command: String, _ arguments: [String: Any] = [:]) throws -> Any {
        let request = try JSONSerialization.data(withJSONObject: ["execute": command, "arguments": arguments])
        try write(request + Data("\n".utf8))
        while true {
            let answer = try next()
            if let value = answer["return"] { return value }
            if let error = answer["error"] as? [String: Any] {
                throw ChildError("QEMU refuses \(command): \(error["desc"] ?? error)")
            }
            note(answer)
        }
    }

    /// Anything that answers nothing is an event.
    private func note(_ event: [String: Any]) {
        guard event["event"] as? String == "SHUTDOWN" else { return }
        ending = (event["data"] as? [String: Any])?["reason"] as? String ?? "shutdown"
    }

    /// Hears what QEMU said before it ended.
    func hearOut() { while let event = try? next() { note(event) } }

    /// Runs a command of the monitor for people (HMP), for what only it has, and gives what it says.
    func human(_ line: String) throws -> String {
        try call("human-monitor-command", ["command-line": line]) as? String ?? ""
    }

    private func next() throws -> [String: Any] {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = unread[..<end]
                unread = Data(unread[(end + 1)...])
                if let object = try JSONSerialization.jsonObject(with: line) as? [String: Any] { return object }
                continue
            }
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ChildError("QEMU has ended") }
            unread += buffer[..<count]
        }
    }

    private func write(_ bytes: Data) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ChildError("QEMU has ended") }
            rest = rest.dropFirst(count)
        }
    }

    private static func connect(_ path: String) throws -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw ChildError("\(path) is too long for a socket; choose a shorter folder")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        if isConnected { return descriptor }
        close(descriptor)
        return nil
    }
}
