/// The name of one kiosk, given by the collector at `kiosk add`: 1–64 of `a–z 0–9 - .`, first and last a letter or digit.
///
/// It stands in routes, in note origins and in file names, so the alphabet is the intersection of what all three allow.
public struct KioskID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// Nothing for a string outside the alphabet or the length.
    public init?(rawValue: String) {
        guard Identifier.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    public var description: String { rawValue }
}

/// One dialog shown to one visitor: 16 lowercase hexadecimal digits, minted on the kiosk before its first record.
public struct SessionID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// Nothing for a string that is not 16 lowercase hexadecimal digits.
    public init?(rawValue: String) {
        guard rawValue.utf8.count == 16, rawValue.utf8.allSatisfy(Identifier.isHexDigit) else { return nil }
        self.rawValue = rawValue
    }

    /// The id made of 64 random bits that the caller drew.
    public init(bits: UInt64) {
        let digits = String(bits, radix: 16)
        rawValue = String(repeating: "0", count: 16 - digits.count) + digits
    }

    public var description: String { rawValue }
}

extension KioskID: Codable {
    public init(from decoder: any Decoder) throws { self = try Identifier.decode(from: decoder) }
    public func encode(to encoder: any Encoder) throws { try Identifier.encode(rawValue, to: encoder) }
}

extension SessionID: Codable {
    public init(from decoder: any Decoder) throws { self = try Identifier.decode(from: decoder) }
    public func encode(to encoder: any Encoder) throws { try Identifier.encode(rawValue, to: encoder) }
}

/// The alphabet that ids share and their one-string coding.
enum Identifier {
    static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isLetterOrDigit(first) && isLetterOrDigit(last)
            && bytes.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    static func decode<Value: RawRepresentable<String>>(from decoder: any Decoder) throws -> Value {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Value(rawValue: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a \(Value.self)")
        }
        return value
    }

    static func encode(_ text: String, to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
