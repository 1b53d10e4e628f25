// Frames: 4 bytes of length, big-endian, then that many bytes.
//
// Constraints: the peer may be hostile, so a length is refused before its bytes are waited for, and never more than one
// message and one chunk is held. Operations: `FrameReader` for bytes that come in pieces, `Frame.encode` for sending.

import FoundationEssentials

/// Takes messages out of a stream that arrives in pieces of any size.
public struct FrameReader: Sendable {
    /// The longest message, bytes without the length.
    public let maximumBytes: Int
    private var buffer = Data()
    private var failure: FrameTooLong?

    public init(maximumBytes: Int) {
        precondition((0...Int(UInt32.max)).contains(maximumBytes), "a frame's length has 32 bits")
        self.maximumBytes = maximumBytes
    }

    /// Adds what has been read.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        buffer.append(contentsOf: bytes)
    }

    /// The next whole message, or nothing until more has come. After an error the stream's borders are lost: every later
    /// call throws it again.
    public mutating func next() throws(FrameTooLong) -> Data? {
        if let failure { throw failure }
        guard buffer.count >= Frame.headerBytes else { return nil }
        let length = buffer.prefix(Frame.headerBytes).reduce(0) { $0 << 8 | Int($1) }
        guard length <= maximumBytes else {
            let error = FrameTooLong(length: length, limit: maximumBytes)
            failure = error
            buffer = Data()
            throw error
        }
        guard buffer.count >= Frame.headerBytes + length else { return nil }
        let message = Data(buffer.dropFirst(Frame.headerBytes).prefix(length))
        buffer = Data(buffer.dropFirst(Frame.headerBytes + length))
        return message
    }

    /// Whether the stream stands between two messages: where a peer may close in good order.
    public var isBetweenMessages: Bool { buffer.isEmpty && failure == nil }
}

/// A peer announced more than it may send.
public struct FrameTooLong: Error, Equatable {
    public let length: Int
    public let limit: Int
}

enum Frame {
    static let headerBytes = 4

    static func encode(_ message: Data, maximumBytes: Int) throws(FrameTooLong) -> Data {
        guard message.count <= maximumBytes else { throw FrameTooLong(length: message.count, limit: maximumBytes) }
        var frame = Data(capacity: headerBytes + message.count)
        withUnsafeBytes(of: UInt32(message.count).bigEndian) { frame.append(contentsOf: $0) }
        frame.append(message)
        return frame
    }
}
