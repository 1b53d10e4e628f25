import CUnixSocket
import FoundationEssentials
import Glibc

/// A listening socket at a path, non-blocking, for an event loop: watch `descriptor` for reading and call `accept`.
public final class Listener {
    /// Connections that wait to be accepted.
    public static let backlog: Int32 = 16

    /// Connections served at once; one more is closed as it comes.
    public let maximumConnections: Int
    public let path: String
    private let socket: Descriptor
    private let limits: ConnectionLimits
    private let open = OpenConnections()
    /// The file that this listener made, so that it never removes a successor's.
    private let file: FileIdentity?

    /// Listens at `path`. A socket file that nobody answers on is removed first; another file is never touched.
    /// Only the owner, group and others of `mode` (such as 0o660) can connect.
    public init(
        path: String, mode: UInt32, maximumConnections: Int = 32, limits: ConnectionLimits
    ) throws(UnixSocketError) {
        try SocketPath.checked(path)
        try Self.removeStaleSocket(path)
        let socket = try Descriptor(path: path, nonBlocking: true)
        // unix(7): a socket file gets the mode of the socket's own inode less the umask; so it is never wider than
        // `mode`, not even before chmod makes it exact.
        try socket.call("fchmod") { Int(fchmod($0, mode)) }
        try SocketPath.withAddress(path) { address, length throws(UnixSocketError) in
            try socket.call("bind") { Int(bind($0, address, length)) }
        }
        try socket.call("chmod") { _ in Int(chmod(path, mode)) }
        try socket.call("listen") { Int(listen($0, Self.backlog)) }
        self.path = path
        self.maximumConnections = maximumConnections
        self.limits = limits
        self.socket = socket
        file = FileIdentity(path)
    }

    /// Listens on a socket that socket activation handed over; its file is systemd's.
    public init(
        adopting descriptor: Int32, path: String, maximumConnections: Int = 32, limits: ConnectionLimits
    ) throws(UnixSocketError) {
        let socket = Descriptor(adopting: descriptor, path: path)
        try socket.call("fcntl") { Int(fcntl($0, F_SETFL, fcntl($0, F_GETFL) | O_NONBLOCK)) }
        self.path = path
        self.maximumConnections = maximumConnections
        self.limits = limits
        self.socket = socket
        file = nil
    }

    deinit {
        if let file, file == FileIdentity(path) { unlink(path) }
    }

    public var descriptor: Int32 { socket.number }

    /// The next connection; nothing if none waits or the limit is reached.
    public func accept() throws(UnixSocketError) -> Connection? {
        let number: Int
        do {
            number = try socket.call("accept4") { Int(cunixsocket_accept($0)) }
        } catch {
            if error.isWouldBlock { return nil }
            if case .system(_, ECONNABORTED) = error.cause { return nil }
            throw error
        }
        let accepted = Descriptor(adopting: Int32(number), path: path)
        guard open.count < maximumConnections else { return nil }
        return try Connection(accepted, limits: limits, counted: open)
    }

    private static func removeStaleSocket(_ path: String) throws(UnixSocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw UnixSocketError(path: path, cause: .notASocket) }
        let probe = try Descriptor(path: path, nonBlocking: true)
        do {
            try SocketPath.withAddress(path) { address, length throws(UnixSocketError) in
                try probe.call("connect") { Int(connect($0, address, length)) }
            }
        } catch {
            guard case .system(_, ECONNREFUSED) = error.cause else {
                // EAGAIN: its queue is full, so somebody is there.
                throw error.isWouldBlock ? UnixSocketError(path: path, cause: .inUse) : error
            }
            unlink(path)
            return
        }
        throw UnixSocketError(path: path, cause: .inUse)
    }
}

/// How many connections of a listener live.
final class OpenConnections {
    var count = 0
}

private struct FileIdentity: Equatable {
    let device: UInt
    let inode: UInt

    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
    }
}
