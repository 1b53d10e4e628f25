import FoundationEssentials
import Glibc

/// A blocking client: one request, one reply, each within a time limit. For commands, and for programs whose thread has
/// nothing else to do.
public final class Client {
    private let socket: Descriptor
    private let maximumBytes: Int
    private var reader: FrameReader

    /// Connects to `path` within the time limit. Errors name `server` and what to do about it.
    public init(
        path: String, server: ServerName, maximumBytes: Int, timeoutMilliseconds timeout: Int64
    ) throws(UnixSocketError) {
        let socket = try Descriptor(path: path, nonBlocking: false, server: server)
        // unix(7) ignores O_NONBLOCK's EINPROGRESS: a full queue is EAGAIN at once, so the wait is the kernel's own.
        var limit = timeval(tv_sec: Int(max(1, timeout) / 1000), tv_usec: Int(max(1, timeout) % 1000 * 1000))
        try socket.call("setsockopt(SO_SNDTIMEO)") {
            Int(setsockopt($0, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size)))
        }
        do {
            try SocketPath.withAddress(path) { address, length throws(UnixSocketError) in
                try socket.call("connect") { Int(connect($0, address, length)) }
            }
        } catch {
            throw error.isWouldBlock ? socket.error(.timeout) : error
        }
        try socket.call("fcntl") { Int(fcntl($0, F_SETFL, fcntl($0, F_GETFL) | O_NONBLOCK)) }
        self.socket = socket
        self.maximumBytes = maximumBytes
        reader = FrameReader(maximumBytes: maximumBytes)
    }

    /// Connects, asks once and closes.
    public static func call(
        path: String, message: Data, server: ServerName, maximumBytes: Int, timeoutMilliseconds timeout: Int64
    ) throws(UnixSocketError) -> Data {
        let client = try Client(
            path: path, server: server, maximumBytes: maximumBytes, timeoutMilliseconds: timeout)
        return try client.call(message, timeoutMilliseconds: timeout)
    }

    /// Sends `message` and waits for its reply. After any error the connection is of no use.
    public func call(_ message: Data, timeoutMilliseconds timeout: Int64) throws(UnixSocketError) -> Data {
        let deadline = ContinuousClock.now + .milliseconds(max(1, timeout))
        var unsent: Data
        do throws(FrameTooLong) {
            unsent = try Frame.encode(message, maximumBytes: maximumBytes)
        } catch {
            throw socket.error(.tooLong(length: error.length, limit: error.limit))
        }
        while !unsent.isEmpty {
            try wait(for: POLLOUT, until: deadline)
            do { unsent = Data(unsent.dropFirst(try socket.send(unsent))) } catch { try ignoreWouldBlock(error) }
        }
        while true {
            if let reply = try nextReply() { return reply }
            try wait(for: POLLIN, until: deadline)
            try receive()
        }
    }

    private func receive() throws(UnixSocketError) {
        let bytes: [UInt8]
        do {
            bytes = try socket.receive(atMost: Connection.chunkBytes)
        } catch {
            return try ignoreWouldBlock(error)
        }
        guard !bytes.isEmpty else { throw socket.error(.closed) }
        reader.append(bytes)
    }

    private func nextReply() throws(UnixSocketError) -> Data? {
        do throws(FrameTooLong) {
            return try reader.next()
        } catch {
            throw socket.error(.tooLong(length: error.length, limit: error.limit))
        }
    }

    private func ignoreWouldBlock(_ error: UnixSocketError) throws(UnixSocketError) {
        if !error.isWouldBlock { throw error }
    }

    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) throws(UnixSocketError) {
        while true {
            var request = pollfd(fd: socket.number, events: Int16(events), revents: 0)
            // The time left is taken anew after each EINTR, so that signals cannot stretch it.
            let ready = try socket.call("poll") { _ in
                let left = (deadline - ContinuousClock.now) / .milliseconds(1)
                return Int(poll(&request, 1, Int32(clamping: Int64(max(0, left).rounded(.up)))))
            }
            if ready > 0 { return }
            guard ContinuousClock.now < deadline else { throw socket.error(.timeout) }
        }
    }
}
