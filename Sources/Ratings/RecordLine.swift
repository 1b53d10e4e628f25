// The line of a record.
//
// Constraints: one line of UTF-8 JSON, at most 4 KiB, no newline inside; written once, by the kiosk, and never encoded
// again: the same bytes are hashed, stored, sent and kept as evidence. A reader must take any order of fields and ignore
// fields it does not know. Format: one flat object, header and body side by side, keys sorted when we write it.
// Operations: `line` (once, on the kiosk), `Record(line:)` and `RecordHeader(line:)` (anywhere).

import FoundationEssentials

extension Record {
    /// The longest line that is written or taken, bytes without the newline.
    public static let maximumLineBytes = 4096

    /// Made once: making it takes as long as encoding a line, which happens between a press and its thanks.
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    /// The line without its newline. Throws `RecordLineError` for one that is too long.
    public func line() throws -> Data {
        let line = try Self.encoder.encode(self)
        try RecordLineError.check(line)
        return line
    }

    /// Decodes a line; throws `RecordLineError` for one that is too long, and `DecodingError` when a field of the header, or
    /// of a body of a known kind, is missing or of another type. An unknown kind decodes to `.unknown`.
    public init(line: Data) throws {
        try RecordLineError.check(line)
        self = try decoder.decode(Record.self, from: line)
    }
}

/// Made once, as the encoder.
private let decoder = JSONDecoder()

extension RecordHeader {
    /// Decodes only the header: enough to check a chain when the body is not understood.
    public init(line: Data) throws {
        try RecordLineError.check(line)
        self = try decoder.decode(RecordHeader.self, from: line)
    }
}

/// The two fields that make a line a link of a chain, whatever else it says.
public struct RecordLink: Decodable, Equatable, Sendable {
    public var sequence: Int64
    /// Base64 of the SHA-256 of the line before.
    public var previous: String

    public init(sequence: Int64, previous: String) {
        self.sequence = sequence
        self.previous = previous
    }

    /// Decodes a line of any length; throws `DecodingError` for one that is no JSON object with both fields.
    public init(line: Data) throws { self = try decoder.decode(RecordLink.self, from: line) }

    enum CodingKeys: String, CodingKey {
        case sequence = "seq"
        case previous = "prev"
    }
}

/// Why a line is not taken before it is looked into.
public enum RecordLineError: Error, Equatable, CustomStringConvertible {
    /// Longer than `Record.maximumLineBytes`.
    case tooLong(bytes: Int)

    public var description: String {
        switch self {
        case .tooLong(let bytes): "the line has \(bytes) bytes, more than \(Record.maximumLineBytes)"
        }
    }

    fileprivate static func check(_ line: Data) throws(RecordLineError) {
        guard line.count <= Record.maximumLineBytes else { throw .tooLong(bytes: line.count) }
    }
}

extension Record: Codable {
    private enum KindKey: String, CodingKey { case kind }

    public func encode(to encoder: any Encoder) throws {
        try header.encode(to: encoder)
        var container = encoder.container(keyedBy: KindKey.self)
        try container.encode(body.kind, forKey: .kind)
        try body.payload?.encode(to: encoder)
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: RecordField.self)
        header = try RecordHeader(fields)
        switch try fields.decode(String.self, forKey: .kind) {
        case "shown": body = .shown(try Shown(fields))
        case "answer": body = .answer(try Answer(fields))
        case "session": body = .session(try SessionEnd(fields))
        case let kind: body = try RecordBody(kind: kind, from: decoder)
        }
    }
}

extension RecordBody {
    fileprivate var payload: (any Encodable)? {
        switch self {
        case .shown(let body): body
        case .answer(let body): body
        case .session(let body): body
        case .comment(let body): body
        case .gratitude(let body): body
        case .boot(let body): body
        case .clock(let body): body
        case .config(let body): body
        case .update(let body): body
        case .maintenance(let body): body
        case .loss(let body): body
        case .key(let body): body
        case .export(let body): body
        case .decommission(let body): body
        case .unknown: nil
        }
    }

    /// The kinds that `Record.init(from:)` does not decode from its own container.
    fileprivate init(kind: String, from decoder: any Decoder) throws {
        switch kind {
        case "comment": self = .comment(try TextDigest(from: decoder))
        case "gratitude": self = .gratitude(try Gratitude(from: decoder))
        case "boot": self = .boot(try Boot(from: decoder))
        case "clock": self = .clock(try ClockChange(from: decoder))
        case "config": self = .config(try Applied(from: decoder))
        case "update": self = .update(try Applied(from: decoder))
        case "maintenance": self = .maintenance(try Maintenance(from: decoder))
        case "loss": self = .loss(try Loss(from: decoder))
        case "key": self = .key(try KeyChange(from: decoder))
        case "export": self = .export(try Export(from: decoder))
        case "decommission": self = .decommission(try Decommission(from: decoder))
        default: self = .unknown(kind: kind)
        }
    }
}
