// Messages on the kiosk's Unix sockets.
//
// Constraints: a peer may be hostile (the uplink talks to a network), so a length is checked before anything is read, and
// there is one request and one answer at a time on a connection. Format: 4 bytes of length, big-endian, then that many
// bytes of JSON. Operations: `ControlCoding.encode` and `.decode` for the JSON; the framing itself is `UnixSocket`'s.

import FoundationEssentials

/// JSON of the messages, the same on both ends.
public enum ControlCoding {
    /// The longest message, bytes: a batch of 256 KiB, quoted as JSON strings, fits twice over.
    public static let maximumBytes = 1 << 20

    public static func encode(_ message: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(message)
    }

    public static func decode<Message: Decodable>(_ type: Message.Type, from data: Data) throws -> Message {
        try JSONDecoder().decode(type, from: data)
    }
}
