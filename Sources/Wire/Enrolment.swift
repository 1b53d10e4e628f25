// Enrolment by a one-time code (`reliability.md` §6.5).
//
// Constraints: the code itself is never sent; whoever answers must know it too; both sides can compare what they saw.
// Format: both proofs are HMAC-SHA-256 under a key derived from the code, over a text of lines that begins with the name
// of its purpose, so that one proof can never be taken for the other.

import Crypto
import FoundationEssentials
import Ledger
import Ratings

/// The one-time code: 16 characters of Crockford's base 32 (80 bits), written in groups of four.
public struct EnrolmentCode: Equatable, Sendable {
    /// 16 characters, no separators.
    public let characters: String

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// Reads a code as a person types it: any case, spaces and hyphens ignored, O as 0, I and L as 1.
    public init?(_ typed: String) {
        var text = ""
        // ASCII first: uppercased() would make "SS" of "ß", and a code with it.
        guard typed.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        for character in typed.uppercased() where character != "-" && character != " " {
            switch character {
            case "O": text.append("0")
            case "I", "L": text.append("1")
            case let other where Self.alphabet.contains(other): text.append(other)
            default: return nil
            }
        }
        guard text.count == 16 else { return nil }
        characters = text
    }

    /// The code of 10 random bytes that the caller drew.
    public init(random: [UInt8]) {
        precondition(random.count == 10, "a code is 80 bits")
        var text = ""
        for start in stride(from: 0, to: 10, by: 5) {
            let bits = random[start..<start + 5].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            for shift in stride(from: 35, through: 0, by: -5) { text.append(Self.alphabet[Int(bits >> shift & 31)]) }
        }
        characters = text
    }

    /// `ABCD-EFGH-JKMN-PQRS`.
    public var grouped: String {
        stride(from: 0, to: 16, by: 4).map { String(characters.dropFirst($0).prefix(4)) }.joined(separator: "-")
    }

    /// What names the code in a request without telling it: 16 hexadecimal digits of a hash.
    public var identifier: String {
        SHA256.hash(data: Data("otsenka code id\n\(characters)\n".utf8)).prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }

    var key: SymmetricKey {
        SymmetricKey(data: SHA256.hash(data: Data("otsenka enrolment code\n\(characters)\n".utf8)))
    }
}

/// The body of `POST /v1/enrolments`. All keys, nonces and proofs are base64.
public struct EnrolmentRequest: Codable, Equatable, Sendable {
    public var code: String
    public var journalKey: PublicKey
    public var transportKey: PublicKey
    /// The journal key's signature over `TransportStatement`.
    public var certificate: String
    /// 16 random bytes.
    public var nonce: String
    /// The pin of the collector's key as the kiosk was told it; empty over plain HTTP on loopback.
    public var pin: String
    /// A digest that tells two machines apart.
    public var hardware: String
    /// The newest epoch that the kiosk's journal holds, which may be one that it opened by itself: the new one must be
    /// above. Nothing where there is none.
    public var afterEpoch: Int?
    public var proof: String

    /// Builds the request with its proof.
    public init(
        code: EnrolmentCode, journalKey: PublicKey, transportKey: PublicKey, certificate: String, nonce: String,
        pin: String, hardware: String, afterEpoch: Int? = nil
    ) {
        self.afterEpoch = afterEpoch
        self.code = code.identifier
        self.journalKey = journalKey
        self.transportKey = transportKey
        self.certificate = certificate
        self.nonce = nonce
        self.pin = pin
        self.hardware = hardware
        proof = ""
        proof = Self.proof(of: transcript, code: code)
    }

    /// Whether the sender knows the code, and the journal key vouches for the transport key.
    public func isValid(for code: EnrolmentCode) -> Bool {
        guard Transcript.areLines([self.code, nonce, pin, hardware]), let proof = Data(base64Encoded: proof),
            let signature = Data(base64Encoded: certificate)
        else { return false }
        let statement = TransportStatement.bytes(journalKey: journalKey, transportKey: transportKey)
        return HMAC<SHA256>.isValidAuthenticationCode(proof, authenticating: Data(transcript.utf8), using: code.key)
            && journalKey.verifies(signature, over: statement)
    }

    var transcript: String {
        """
        otsenka enrolment request
        \(code)
        \(journalKey.base64)
        \(transportKey.base64)
        \(nonce)
        \(pin)
        \(hardware)

        """ + (afterEpoch.map { "after epoch \($0)\n" } ?? "")
    }

    static func proof(of transcript: String, code: EnrolmentCode) -> String {
        Data(HMAC<SHA256>.authenticationCode(for: Data(transcript.utf8), using: code.key)).base64EncodedString()
    }

    enum CodingKeys: String, CodingKey {
        case code, certificate, nonce, pin, hardware, proof
        case journalKey = "journal_key"
        case transportKey = "transport_key"
        case afterEpoch = "after_epoch"
    }
}

/// `200` to an enrolment.
public struct EnrolmentAnswer: Codable, Equatable, Sendable {
    public var kiosk: KioskID
    public var epoch: Int
    /// The name under which the collector cosigns.
    public var collectorName: String
    public var receiptKey: PublicKey
    /// The nonce of the genesis.
    public var collectorNonce: String
    /// The collector's certificate authority in PEM; nothing over plain HTTP.
    public var authority: String?
    public var proof: String

    /// Builds the answer to `request` with its proof.
    public init(
        to request: EnrolmentRequest, code: EnrolmentCode, kiosk: KioskID, epoch: Int, collectorName: String,
        receiptKey: PublicKey, collectorNonce: String, authority: String?
    ) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.collectorName = collectorName
        self.receiptKey = receiptKey
        self.collectorNonce = collectorNonce
        self.authority = authority
        proof = ""
        proof = EnrolmentRequest.proof(of: transcript(after: request), code: code)
    }

    /// Whether the answerer knows the code and answers this very request.
    public func isValid(for request: EnrolmentRequest, code: EnrolmentCode) -> Bool {
        guard Transcript.areLines([collectorName, collectorNonce]), let proof = Data(base64Encoded: proof) else {
            return false
        }
        return HMAC<SHA256>.isValidAuthenticationCode(
            proof, authenticating: Data(transcript(after: request).utf8), using: code.key)
    }

    /// Six words that both sides show; equal words mean that nobody stood between them.
    public func words(after request: EnrolmentRequest) -> [String] {
        let digest = Array(SHA256.hash(data: Data(transcript(after: request).utf8)))
        return (0..<6).map { Self.word(UInt16(digest[2 * $0]) << 8 | UInt16(digest[2 * $0 + 1])) }
    }

    private func transcript(after request: EnrolmentRequest) -> String {
        """
        otsenka enrolment answer
        \(request.transcript)\(request.proof)
        \(kiosk)
        \(epoch)
        \(collectorName)
        \(receiptKey.base64)
        \(collectorNonce)
        \(authority ?? "")

        """
    }

    /// Sixteen bits as a pronounceable word: consonant (4 bits), vowel (2), consonant, vowel, consonant.
    /// The encoding is D. Wilkerson's “proquint” (arXiv:0901.4016).
    private static func word(_ bits: UInt16) -> String {
        let consonants = Array("bdfghjklmnprstvz")
        let vowels = Array("aiou")
        return String([
            consonants[Int(bits >> 12 & 15)], vowels[Int(bits >> 10 & 3)], consonants[Int(bits >> 6 & 15)],
            vowels[Int(bits >> 4 & 3)], consonants[Int(bits & 15)],
        ])
    }

    enum CodingKeys: String, CodingKey {
        case kiosk, epoch, authority, proof
        case collectorName = "collector_name"
        case receiptKey = "receipt_key"
        case collectorNonce = "collector_nonce"
    }
}

private enum Transcript {
    /// Whether each text takes exactly one line. One with a line break could take the place of two: the transcript, and so
    /// its proof, would be the same for other fields (an authority told as a part of the nonce, say).
    static func areLines(_ texts: [String]) -> Bool {
        texts.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 } }
    }
}
