// C2SP signed notes (c2sp.org/signed-note) with Ed25519 signatures, and cosignature/v1 (c2sp.org/tlog-cosignature).
//
// Constraints: the text is UTF-8, ends with a newline and holds no control characters but newlines. Format: the text, an
// empty line, then one line for each signature: an em dash, a space, the signer's name, a space, and the base64 of a
// 4-byte key hash followed by the signature. A plain signature is over the text; a cosignature is over
// "cosignature/v1\ntime <seconds>\n" and the text, and its bytes start with the time as 8 bytes, big-endian.
// Operations: parse, sign, cosign, verify. A name holds no Unicode space and no plus sign.

import Crypto
import FoundationEssentials

/// A text with the signatures under it.
public struct SignedNote: Equatable, Sendable {
    /// Ends with a newline.
    public let text: String
    public private(set) var signatures: [NoteSignature]

    /// The longest note that is parsed unless its reader says otherwise, in bytes.
    public static let maximumBytes = 4096

    public init(text: String) {
        precondition(text.utf8.last == UInt8(ascii: "\n"), "a note's text ends with a newline")
        self.text = text
        signatures = []
    }

    /// Parses a note; throws `NoteError.malformed` for anything else.
    public init(parsing note: String, maximumBytes: Int = Self.maximumBytes) throws(NoteError) {
        guard note.utf8.count <= maximumBytes, note.utf8.last == UInt8(ascii: "\n"),
            note.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x0A }), let split = note.lastRange(ofBlankLine: ())
        else { throw .malformed }
        text = String(note[..<split.text])
        signatures = []
        for line in note[split.signatures...].split(separator: "\n") {
            guard let signature = NoteSignature(line: line) else { throw .malformed }
            signatures.append(signature)
        }
        guard !signatures.isEmpty, signatures.count <= 16 else { throw .malformed }
        // One spelling only: empty lines among the signatures, or base64 with loose bits, would be another note with the
        // same signatures.
        guard serialized.utf8.elementsEqual(note.utf8) else { throw .malformed }
    }

    /// The whole note, as it is sent and kept.
    public var serialized: String {
        text + "\n" + signatures.map(\.line).joined()
    }

    /// Adds a plain Ed25519 signature.
    public mutating func sign(as name: String, with key: SigningKey) throws {
        let signature = try key.signature(over: Data(text.utf8))
        let hash = NoteSignature.keyHash(name: name, algorithm: .ed25519, key: key.publicKey)
        signatures.append(NoteSignature(name: name, keyHash: hash, payload: signature))
    }

    /// Adds a cosignature/v1 with its time in seconds since 1970.
    public mutating func cosign(as name: String, with key: SigningKey, time: UInt64) throws {
        let signature = try key.signature(over: Self.cosigned(text, time: time))
        let hash = NoteSignature.keyHash(name: name, algorithm: .cosignatureV1, key: key.publicKey)
        var payload = Data()
        withUnsafeBytes(of: time.bigEndian) { payload.append(contentsOf: $0) }
        payload.append(signature)
        signatures.append(NoteSignature(name: name, keyHash: hash, payload: payload))
    }

    /// Takes over signatures from a note of the same text, each once, up to the 16 that a note may hold.
    public mutating func adopt(_ others: [NoteSignature]) {
        for signature in others where !signatures.contains(signature) && signatures.count < 16 {
            signatures.append(signature)
        }
    }

    /// Throws `NoteError.unsigned` unless there is a valid plain signature of `name` by `key`, and no invalid one: “If a
    /// signature from a known key fails to verify, clients SHOULD reject the whole note” (c2sp.org/signed-note).
    public func verify(signedAs name: String, by key: PublicKey) throws(NoteError) {
        let hash = NoteSignature.keyHash(name: name, algorithm: .ed25519, key: key)
        let ours = signatures.filter { $0.name == name && $0.keyHash == hash }
        guard !ours.isEmpty, ours.allSatisfy({ key.verifies($0.payload, over: Data(text.utf8)) }) else {
            throw .unsigned(name)
        }
    }

    /// The time of the newest cosignature of `name` by `key`, seconds since 1970, at most 2^63 - 1. Throws
    /// `NoteError.unsigned` without one, or when any of them is invalid.
    public func verify(cosignedAs name: String, by key: PublicKey) throws(NoteError) -> UInt64 {
        let hash = NoteSignature.keyHash(name: name, algorithm: .cosignatureV1, key: key)
        var newest: UInt64?
        for signature in signatures where signature.name == name && signature.keyHash == hash {
            guard let time = signature.cosignatureTime,
                key.verifies(signature.payload.dropFirst(8), over: Self.cosigned(text, time: time))
            else { throw .unsigned(name) }
            newest = max(newest ?? 0, time)
        }
        guard let newest else { throw .unsigned(name) }
        return newest
    }

    private static func cosigned(_ text: String, time: UInt64) -> Data {
        Data("cosignature/v1\ntime \(time)\n\(text)".utf8)
    }
}

/// One line under a note.
public struct NoteSignature: Equatable, Sendable {
    /// The last byte of what a key hash is over (c2sp.org/signed-note, “Signatures”).
    enum Algorithm: UInt8 {
        case ed25519 = 0x01
        case cosignatureV1 = 0x04
    }

    public let name: String
    /// The first 4 bytes of SHA-256(name ‖ newline ‖ algorithm ‖ public key).
    public let keyHash: Data
    let payload: Data

    init(name: String, keyHash: Data, payload: Data) {
        self.name = name
        self.keyHash = keyHash
        self.payload = payload
    }

    init?(line: Substring) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "—", !parts[1].isEmpty,
            !parts[1].unicodeScalars.contains(where: { $0 == "+" || $0.properties.isWhitespace }),
            let data = Data(base64Encoded: String(parts[2])), data.count > 4
        else { return nil }
        self.init(name: String(parts[1]), keyHash: Data(data.prefix(4)), payload: Data(data.dropFirst(4)))
    }

    /// The time in a payload that has the length of a cosignature; “It MUST NOT exceed 2^63 - 1” (c2sp.org/tlog-cosignature).
    fileprivate var cosignatureTime: UInt64? {
        guard payload.count == 72 else { return nil }
        let time = payload.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return time <= UInt64(Int64.max) ? time : nil
    }

    var line: String { "— \(name) \((keyHash + payload).base64EncodedString())\n" }

    static func keyHash(name: String, algorithm: Algorithm, key: PublicKey) -> Data {
        var message = Data(name.utf8)
        message.append(contentsOf: [0x0A, algorithm.rawValue])
        message.append(key.bytes)
        return Data(SHA256.hash(data: message).prefix(4))
    }
}

/// Why a note is not believed.
public enum NoteError: Error, Equatable, CustomStringConvertible {
    case malformed
    /// No valid signature of this name.
    case unsigned(String)
    /// A signed text that is not the checkpoint that was expected.
    case notACheckpoint

    public var description: String {
        switch self {
        case .malformed: "this is not a signed note"
        case .unsigned(let name): "the note carries no valid signature of \(name)"
        case .notACheckpoint: "the note is signed, but is not a checkpoint of a kiosk's chain"
        }
    }
}

extension String {
    /// Where the text ends and where the signatures begin: around the last empty line.
    fileprivate func lastRange(ofBlankLine: Void) -> (text: Index, signatures: Index)? {
        var previous: Index?
        for index in utf8.indices.reversed() where utf8[index] == UInt8(ascii: "\n") {
            if let next = previous, utf8.index(after: index) == next {
                return (next, utf8.index(after: next))
            }
            previous = index
        }
        return nil
    }
}
