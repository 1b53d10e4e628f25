import FoundationEssentials
import Ledger
import Ratings

/// `200` to an upload: the receipt, as the text of the note.
public struct UploadAnswer: Codable, Equatable, Sendable {
    public var receipt: String

    public init(receipt: String) { self.receipt = receipt }
}

/// Every answer that is not a success: a code for programs and a sentence for people.
public struct Refusal: Codable, Equatable, Sendable, Error {
    public var error: Code
    /// What is wrong, why, and what to do next.
    public var message: String
    /// With `gap` and `rewind_collector`: the record that the collector needs first.
    public var need: Int64?

    public init(error: Code, message: String, need: Int64? = nil) {
        self.error = error
        self.message = message
        self.need = need
    }

    public enum Code: String, Codable, Sendable, CaseIterable {
        // 409
        case gap, fork
        case rewindKiosk = "rewind_kiosk"
        case rewindCollector = "rewind_collector"
        case epochClosed = "epoch_closed"
        // 400, 422: the body or its signatures
        case malformed
        case brokenChain = "broken_chain"
        case badCheckpoint = "bad_checkpoint"
        case badDigest = "bad_digest"
        // 401, 403, 404
        case badSignature = "bad_signature"
        case unknownKiosk = "unknown_kiosk"
        case revoked
        case refusedCode = "refused_code"
        case notFound = "not_found"
        // 413, 429, 503, 500
        case tooLarge = "too_large"
        case tooMany = "too_many"
        case unavailable
        case fault

        /// The HTTP status of the answer.
        public var status: Int {
            switch self {
            case .gap, .fork, .rewindKiosk, .rewindCollector, .epochClosed: 409
            case .malformed, .badDigest: 400
            case .brokenChain, .badCheckpoint: 422
            case .badSignature: 401
            case .revoked, .refusedCode: 403
            case .unknownKiosk, .notFound: 404
            case .tooLarge: 413
            case .tooMany: 429
            case .unavailable: 503
            case .fault: 500
            }
        }
    }
}

/// The body of a heartbeat; the notes travel in `Head` and `Receipt`.
public struct Heartbeat: Codable, Equatable, Sendable {
    public var epoch: Int
    public var boot: Int
    public var bootMilliseconds: Int64
    public var wall: String
    public var clock: ClockState
    public var unsent: Int
    public var marks: [String]
    public var program: String
    /// Base64 of 16 random bytes: the signed time in the answer names it, so that it cannot be replayed.
    public var nonce: String
    /// The number of the newest technician's visit that was opened there; nothing before the first.
    public var maintenance: Int64?

    public init(
        epoch: Int, boot: Int, bootMilliseconds: Int64, wall: String, clock: ClockState, unsent: Int, marks: [String],
        program: String, nonce: String, maintenance: Int64? = nil
    ) {
        self.epoch = epoch
        self.boot = boot
        self.bootMilliseconds = bootMilliseconds
        self.wall = wall
        self.clock = clock
        self.unsent = unsent
        self.marks = marks
        self.program = program
        self.nonce = nonce
        self.maintenance = maintenance
    }

    enum CodingKeys: String, CodingKey {
        case epoch, boot, wall, clock, unsent, marks, program, nonce, maintenance
        case bootMilliseconds = "boot_ms"
    }
}

/// The answer to a heartbeat.
public struct HeartbeatAnswer: Codable, Equatable, Sendable {
    /// A note signed by the collector: `otsenka/time`, the kiosk, the nonce, seconds since 1970, a line each.
    public var time: String
    /// The newest configuration that the kiosk should hold.
    public var configuration: Int
    /// Closed list; an unknown order is ignored. So far: the note of a technician's visit (`Ledger.MaintenanceNote`).
    public var orders: [String]
    /// What `PublishedKeys.digest` gives; nothing while no key was ever changed. Only a hint to look: what is found there
    /// is signed.
    public var keys: String?

    public init(time: String, configuration: Int, orders: [String] = [], keys: String? = nil) {
        self.time = time
        self.configuration = configuration
        self.orders = orders
        self.keys = keys
    }
}

/// The answer of `GET /v1/keys`.
public struct PublishedKeys: Codable, Equatable, Sendable {
    /// The name under which the collector signs.
    public var collector: String
    public var receiptKey: PublicKey
    /// The TLS authority in PEM; nothing over plain HTTP.
    public var authority: String?
    /// The notes of `KeySuccession`, oldest first, of its receipt key, its authority and of release keys.
    public var successions: [String]

    public init(collector: String, receiptKey: PublicKey, authority: String?, successions: [String]) {
        self.collector = collector
        self.receiptKey = receiptKey
        self.authority = authority
        self.successions = successions
    }

    /// A name for this list of successions: base64 of a SHA-256. Nothing for an empty one.
    public static func digest(of successions: [String]) -> String? {
        successions.isEmpty ? nil : ChainHash(of: Data(successions.joined(separator: "\n").utf8)).base64
    }

    enum CodingKeys: String, CodingKey {
        case collector, authority, successions
        case receiptKey = "receipt_key"
    }
}

/// The collector's signed time (`reliability.md` §6.4, T23).
public enum SignedTime {
    /// The text of the note that `HeartbeatAnswer.time` carries.
    public static func text(kiosk: KioskID, nonce: String, seconds: UInt64) -> String {
        "otsenka/time\n\(kiosk)\n\(nonce)\n\(seconds)\n"
    }

    /// Seconds since 1970, once the collector's signature, the kiosk and the nonce are right; nothing otherwise.
    public static func seconds(in note: String, kiosk: KioskID, nonce: String, collector: String, key: PublicKey)
        -> UInt64?
    {
        guard let note = try? SignedNote(parsing: note), (try? note.verify(signedAs: collector, by: key)) != nil else {
            return nil
        }
        let lines = note.text.split(separator: "\n")
        guard lines.count == 4, let seconds = UInt64(lines[3]),
            text(kiosk: kiosk, nonce: nonce, seconds: seconds).utf8.elementsEqual(note.text.utf8)
        else { return nil }
        return seconds
    }
}
