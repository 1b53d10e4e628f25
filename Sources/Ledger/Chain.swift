// The hash chain of a kiosk's journal.
//
// Constraints: an auditor checks it with `sha256sum` and nothing of ours. Format: the hash of a record is the SHA-256 of
// its line without the newline; each line carries the base64 of the hash before it, the first one the genesis hash.
// Operations: `Genesis.hash`, `ChainHash.init(of:)`, and `ChainHead.advance`, which refuses the first line that does not follow.

import Crypto
import FoundationEssentials

/// A SHA-256, written in standard base64 with padding (44 characters).
public struct ChainHash: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: Data

    /// The hash of a line (without its newline).
    public init(of line: some DataProtocol) {
        bytes = Data(SHA256.hash(data: line))
    }

    /// Nothing unless the text is the standard base64 of 32 bytes.
    public init?(base64: String) {
        guard let data = Data(base64Encoded: base64), data.count == 32 else { return nil }
        bytes = data
    }

    /// Nothing unless there are 32 bytes.
    public init?(bytes: Data) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    public var base64: String { bytes.base64EncodedString() }
    public var description: String { base64 }
}

/// What a chain begins with: the kiosk, its key and the collector's nonce, so that no chain can be continued elsewhere.
public struct Genesis: Equatable, Sendable {
    public var kiosk: String
    public var epoch: Int
    public var publicKey: PublicKey
    /// The nonce that the collector answered at enrolment, as text.
    public var collectorNonce: String

    public init(kiosk: String, epoch: Int, publicKey: PublicKey, collectorNonce: String) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.publicKey = publicKey
        self.collectorNonce = collectorNonce
    }

    /// The hash that record 1 carries as its `prev`.
    public var hash: ChainHash {
        ChainHash(of: Data("otsenka genesis\n\(kiosk)\n\(epoch)\n\(publicKey.base64)\n\(collectorNonce)\n".utf8))
    }

    /// The head of the chain before its first record: sequence 0.
    public var head: ChainHead { ChainHead(kiosk: kiosk, epoch: epoch, sequence: 0, hash: hash) }
}

/// The newest record of a chain: where the next one must follow.
public struct ChainHead: Hashable, Sendable {
    public var kiosk: String
    public var epoch: Int
    /// 0 before the first record.
    public var sequence: Int64
    /// The hash of the line of `sequence`, or the genesis hash for 0.
    public var hash: ChainHash

    public init(kiosk: String, epoch: Int, sequence: Int64, hash: ChainHash) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.sequence = sequence
        self.hash = hash
    }

    /// Moves the head over one line whose header says `sequence` and `previous`.
    /// Throws `ChainError` naming what does not follow; the head is then unchanged.
    public mutating func advance(over line: some DataProtocol, sequence: Int64, previous: String) throws(ChainError) {
        guard sequence == self.sequence + 1 else {
            throw .wrongSequence(expected: self.sequence + 1, found: sequence)
        }
        // Byte for byte: to Swift's `==` the Kelvin sign is a K, to an auditor's tools it is not.
        guard previous.utf8.elementsEqual(hash.base64.utf8) else { throw .wrongPrevious(sequence: sequence) }
        self.sequence = sequence
        hash = ChainHash(of: line)
    }
}

/// The first place at which a chain breaks.
public enum ChainError: Error, Equatable, CustomStringConvertible {
    /// A record is missing, repeated or out of place.
    case wrongSequence(expected: Int64, found: Int64)
    /// The line before this one was changed, or this one's `prev` was.
    case wrongPrevious(sequence: Int64)
    /// The line is no record, or says another kiosk or epoch than its chain.
    case notARecord(sequence: Int64, reason: String)
    /// The line differs from the signed head over it.
    case wrongHash(sequence: Int64)

    public var description: String {
        switch self {
        case .wrongSequence(let expected, let found): "record \(found) stands where record \(expected) should be"
        case .wrongPrevious(let sequence): "record \(sequence) does not carry the hash of the record before it"
        case .notARecord(let sequence, let reason): "record \(sequence) cannot be read: \(reason)"
        case .wrongHash(let sequence): "record \(sequence) is not the one that was signed"
        }
    }
}
