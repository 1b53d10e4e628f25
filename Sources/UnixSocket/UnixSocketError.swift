import CUnixSocket

/// What went wrong with a socket: which one, why, and what to do next, in one line.
public struct UnixSocketError: Error, Equatable, CustomStringConvertible {
    public enum Cause: Equatable, Sendable {
        /// A system call failed with this errno.
        case system(call: String, code: Int32)
        /// The path is empty, holds a zero byte, or is longer than `sockaddr_un` holds (108 bytes with its end).
        case pathTooLong
        /// Somebody answers on the path already.
        case inUse
        /// Something that is no socket stands at the path.
        case notASocket
        case timeout
        /// The peer closed the connection in the middle.
        case closed
        /// A message longer than the limit, in bytes.
        case tooLong(length: Int, limit: Int)
        /// The peer does not take what it is sent.
        case peerTooSlow(limit: Int)
    }

    public let path: String
    public let cause: Cause
    /// Who should be at the other end, if it is known.
    public let server: ServerName?

    init(path: String, cause: Cause, server: ServerName? = nil) {
        self.path = path
        self.cause = cause
        self.server = server
    }

    /// The errno's C name, or nothing for other causes.
    public var codeName: String? {
        guard case .system(_, let code) = cause else { return nil }
        return cunixsocket_errno_name(code).map { String(cString: $0) } ?? "errno \(code)"
    }

    public var description: String {
        switch cause {
        case .system(let call, _):
            let name = codeName ?? ""
            guard let server else { return "socket \(path): \(call) failed (\(name))" }
            return server.silence(path: path, cause: name)
        case .pathTooLong:
            return "socket path \(path) is empty or longer than \(SocketPath.maximumBytes) bytes; choose another folder"
        case .inUse:
            return "another program answers on \(path) already; stop it first (see 'ss -xlp')"
        case .notASocket:
            return "\(path) is not a socket; move it away, or choose another folder"
        case .timeout:
            return server?.silence(path: path, cause: "no answer in time") ?? "socket \(path): no answer in time"
        case .closed:
            return server?.silence(path: path, cause: "it closed the connection")
                ?? "socket \(path): the peer closed the connection"
        case .tooLong(let length, let limit):
            return "socket \(path): a message of \(length) bytes is longer than the limit of \(limit)"
        case .peerTooSlow(let limit):
            return "socket \(path): the peer left more than \(limit) bytes unread"
        }
    }
}

/// Who a client expects at the other end, for its messages to people.
public struct ServerName: Equatable, Sendable {
    /// `otsenka-kiosk run`.
    public var program: String
    /// `otsenka-kiosk.service`.
    public var unit: String

    public init(program: String, unit: String) {
        self.program = program
        self.unit = unit
    }

    func silence(path: String, cause: String) -> String {
        "\(program) does not answer on \(path) (\(cause)); is \(unit) running?"
    }
}
