import CUnixSocket
import FoundationEssentials
import Glibc

/// An open socket, closed with its owner, and the one gate for its system calls: EINTR is repeated, errno read at once.
final class Descriptor {
    let number: Int32
    let path: String
    let server: ServerName?

    /// Takes the descriptor over.
    init(adopting number: Int32, path: String, server: ServerName? = nil) {
        self.number = number
        self.path = path
        self.server = server
    }

    /// A new stream socket, close-on-exec.
    convenience init(path: String, nonBlocking: Bool, server: ServerName? = nil) throws(UnixSocketError) {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let number = socket(AF_UNIX, nonBlocking ? kind | Int32(SOCK_NONBLOCK.rawValue) : kind, 0)
        guard number >= 0 else {
            throw UnixSocketError(path: path, cause: .system(call: "socket", code: errno), server: server)
        }
        self.init(adopting: number, path: path, server: server)
    }

    deinit { close(number) }

    /// Runs a system call that answers -1 with errno, again while it is interrupted.
    @discardableResult
    func call(_ name: String, _ body: (Int32) -> Int) throws(UnixSocketError) -> Int {
        while true {
            let result = body(number)
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw error(.system(call: name, code: code)) }
        }
    }

    /// What was received: nothing at the end of the stream; throws EAGAIN where a non-blocking socket has nothing.
    func receive(atMost count: Int) throws(UnixSocketError) -> [UInt8] {
        var failure: UnixSocketError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(UnixSocketError) {
                filled = try call("recv") { recv($0, buffer.baseAddress, count, 0) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// How many bytes the kernel took. A peer that is gone is EPIPE, not a signal.
    func send(_ bytes: Data) throws(UnixSocketError) -> Int {
        try call("send") { number in
            bytes.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
    }

    func error(_ cause: UnixSocketError.Cause) -> UnixSocketError {
        UnixSocketError(path: path, cause: cause, server: server)
    }
}

extension UnixSocketError {
    /// A non-blocking call had nothing to do.
    var isWouldBlock: Bool {
        if case .system(_, let code) = cause { return code == EAGAIN || code == EWOULDBLOCK }
        return false
    }

    /// The peer vanished: for a server that is an end like any other.
    var isPeerGone: Bool {
        if case .system(_, let code) = cause { return code == ECONNRESET || code == EPIPE }
        return false
    }
}

/// A socket's path as the kernel takes it.
enum SocketPath {
    /// `sun_path` holds 108 bytes, the last of them zero.
    static let maximumBytes = 107

    /// The path's bytes. Throws `pathTooLong`, also for an empty path or one with a zero byte: the kernel would take such
    /// a path for another one.
    @discardableResult
    static func checked(_ path: String) throws(UnixSocketError) -> [UInt8] {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count <= maximumBytes, !bytes.contains(0) else {
            throw UnixSocketError(path: path, cause: .pathTooLong)
        }
        return bytes
    }

    /// Calls `body` with the address.
    static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(UnixSocketError) -> Void
    ) throws(UnixSocketError) {
        let bytes = try checked(path)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        var failure: UnixSocketError?
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                do throws(UnixSocketError) { try body(general, length) } catch { failure = error }
            }
        }
        if let failure { throw failure }
    }
}
