import Collecting
import FoundationEssentials
import Ledger
import Reporting

// What `verify`, `heads` and `export` say over the admin socket, as JSON.

/// What `verify` found.
public struct Verdict: Codable, Equatable, Sendable {
    public var clean: Bool
    public var kiosks: Int
    public var chains: Int
    public var records: Int
    public var faults: [Fault]

    public struct Fault: Codable, Equatable, Sendable {
        public var kiosk: String?
        public var epoch: Int?
        /// The first bad record; nothing where the fault is not one record's.
        public var record: Int64?
        /// Where only `record` gives the change away: the first record that may be bad.
        public var since: Int64?
        public var what: String
    }

    public init(_ report: VerifyReport) {
        clean = report.isClean
        kiosks = report.kiosks
        chains = report.chains
        records = Int(report.records)
        faults = report.faults.map {
            Fault(kiosk: $0.kiosk?.rawValue, epoch: $0.epoch, record: $0.sequence, since: $0.since, what: $0.what)
        }
    }
}

/// The body of `POST /admin/verify`.
public struct VerifyQuestion: Codable, Sendable {
    /// Texts of published lists of heads.
    public var heads: [String]

    public init(heads: [String]) { self.heads = heads }
}

/// A list of heads as it is given away.
public struct PublishedHeads: Codable, Equatable, Sendable {
    public var number: Int64
    public var day: String
    /// When it was made, RFC 3339.
    public var time: String
    /// The SHA-256 of its text, base64: what the next list names, and what can be printed.
    public var hash: String?
    /// The whole note.
    public var note: String?

    init(_ row: HeadsRow) {
        self.init(entry: row)
        note = row.note
        hash = (try? SignedHeads(parsing: row.note))?.list.hash.base64
    }

    /// An entry of the index, without its text.
    init(entry row: HeadsRow) {
        number = row.number
        day = row.day
        time = CivilTime(seconds: row.made / 1000).rfc3339
    }
}

/// The body of `POST /admin/heads/cosignatures`.
public struct CosignedHeads: Codable, Sendable {
    public var note: String
    public var witness: String
    public var key: PublicKey

    public init(note: String, witness: String, key: PublicKey) {
        self.note = note
        self.witness = witness
        self.key = key
    }
}

extension SignedHeads {
    /// The list in the text of a file. Throws `CollectorFailure`.
    public init(file text: String) throws(CollectorFailure) {
        do throws(NoteError) {
            try self.init(parsing: text)
        } catch {
            throw CollectorFailure(
                .data, "this is not a list of heads that its own key signed (\(error)); fetch it again from /v1/heads")
        }
    }
}
