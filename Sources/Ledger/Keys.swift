import Crypto
import FoundationEssentials

/// An Ed25519 public key: 32 bytes, written in standard base64.
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: Data

    /// Nothing unless there are 32 bytes. Bytes that are no point of the curve verify nothing.
    public init?(bytes: Data) {
        guard (try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)) != nil else { return nil }
        self.bytes = bytes
    }

    /// Nothing unless the text is the base64 of a key.
    public init?(base64: String) {
        guard let data = Data(base64Encoded: base64) else { return nil }
        self.init(bytes: data)
    }

    public var base64: String { bytes.base64EncodedString() }
    public var description: String { base64 }

    /// Whether `signature` (64 bytes) is this key's over `message`.
    public func verifies(_ signature: some DataProtocol, over message: some DataProtocol) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
        return key.isValidSignature(signature, for: message)
    }
}

extension PublicKey: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let key = PublicKey(base64: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an Ed25519 public key")
        }
        self = key
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(base64)
    }
}

/// An Ed25519 private key: made on the machine that uses it, kept in one file of mode 0600, never printed.
public struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// A new key from the system's random source.
    public init() { key = Curve25519.Signing.PrivateKey() }

    /// The key with these 32 bytes; throws for any other length.
    public init(seed: Data) throws { key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed) }

    /// The 32 secret bytes, for the key's own file only.
    public var seed: Data { key.rawRepresentation }

    public var publicKey: PublicKey {
        guard let key = PublicKey(bytes: key.publicKey.rawRepresentation) else {
            preconditionFailure("the public half of an Ed25519 key is a key")
        }
        return key
    }

    /// 64 bytes.
    public func signature(over message: some DataProtocol) throws -> Data { try key.signature(for: message) }
}

extension SigningKey: CustomStringConvertible {
    /// Names the key without telling it.
    public var description: String { "SigningKey(public: \(publicKey))" }
}
