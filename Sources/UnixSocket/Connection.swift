import CUnixSocket
import FoundationEssentials
import Glibc

/// What one connection may cost.
public struct ConnectionLimits: Equatable, Sendable {
    /// The longest message either way, bytes.
    public var messageBytes: Int
    /// What may wait for a peer that does not read, bytes, lengths included.
    public var unsentBytes: Int

    public init(messageBytes: Int, unsentBytes: Int? = nil) {
        self.messageBytes = messageBytes
        self.unsentBytes = unsentBytes ?? 2 * (messageBytes + Frame.headerBytes)
    }
}

/// Who is at the other end, as the kernel knows it from the moment of connecting.
public struct PeerCredentials: Equatable, Sendable {
    public let process: Int32
    public let user: UInt32
    public let group: UInt32
}

/// One accepted connection, non-blocking, for an event loop.
///
/// Watch `descriptor` for reading, and for writing as long as `hasUnsent`; call `receive` and `flush` accordingly. The
/// socket is closed with the object: cancel its watch first.
public final class Connection {
    /// What one call of `receive` found.
    public enum Received: Equatable, Sendable {
        /// Whole messages, in order; none if only a part has come.
        case messages([Data])
        /// The peer is done, or gone. Nothing more will come.
        case closed
    }

    /// Read in one call, bytes.
    static let chunkBytes = 64 * 1024

    private let socket: Descriptor
    private let limits: ConnectionLimits
    private let counter: OpenConnections
    private var reader: FrameReader
    private var unsent = Data()

    /// Who connected.
    public let peer: PeerCredentials

    init(_ socket: Descriptor, limits: ConnectionLimits, counted counter: OpenConnections) throws(UnixSocketError) {
        var process: pid_t = 0
        var user: uid_t = 0
        var group: gid_t = 0
        try socket.call("getsockopt(SO_PEERCRED)") { Int(cunixsocket_peer($0, &process, &user, &group)) }
        peer = PeerCredentials(process: process, user: user, group: group)
        self.socket = socket
        self.limits = limits
        self.counter = counter
        reader = FrameReader(maximumBytes: limits.messageBytes)
        counter.count += 1
    }

    deinit { counter.count -= 1 }

    public var descriptor: Int32 { socket.number }

    /// Reads once and returns what is whole. Throws `tooLong`, after which the connection is of no use.
    public func receive() throws(UnixSocketError) -> Received {
        let bytes: [UInt8]
        do {
            bytes = try socket.receive(atMost: Self.chunkBytes)
        } catch {
            if error.isWouldBlock { return .messages([]) }
            if error.isPeerGone { return .closed }
            throw error
        }
        guard !bytes.isEmpty else { return .closed }
        reader.append(bytes)
        var messages: [Data] = []
        do throws(FrameTooLong) {
            while let message = try reader.next() { messages.append(message) }
        } catch {
            throw socket.error(.tooLong(length: error.length, limit: error.limit))
        }
        return .messages(messages)
    }

    /// Sends a message as far as the kernel takes it at once and keeps the rest for `flush`.
    /// Throws `tooLong`, or `peerTooSlow` if too much waits already; the message is then not sent at all.
    public func send(_ message: Data) throws(UnixSocketError) {
        let frame: Data
        do throws(FrameTooLong) {
            frame = try Frame.encode(message, maximumBytes: limits.messageBytes)
        } catch {
            throw socket.error(.tooLong(length: error.length, limit: error.limit))
        }
        guard unsent.count + frame.count <= limits.unsentBytes else {
            throw socket.error(.peerTooSlow(limit: limits.unsentBytes))
        }
        unsent.append(frame)
        try flush()
    }

    /// Sends what waits, as far as the kernel takes it. Throws EPIPE or ECONNRESET once the peer is gone.
    public func flush() throws(UnixSocketError) {
        while !unsent.isEmpty {
            do {
                unsent = Data(unsent.dropFirst(try socket.send(unsent)))
            } catch {
                if error.isWouldBlock { return }
                throw error
            }
        }
    }

    /// Whether something waits for the peer to read.
    public var hasUnsent: Bool { !unsent.isEmpty }
}
