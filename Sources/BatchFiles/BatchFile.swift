// A batch as a file, for halls without a network (`reliability.md` §6.6).
//
// Constraints: importing it must be the same idempotent upload, decided by the same code; a file may be read years later,
// twice, in any order, by anybody on the way; a person must be able to look into it. Format: one line of JSON, a newline,
// and then the body of the upload as it would be sent (gzip of the lines, each with its newline):
//   {"epoch":1,"fields":{…},"first":1,"format":"otsenka-batch/1","kiosk":"central-1","last":500}
// `fields` are the header fields of the upload, names in lower case: content-type, content-encoding, content-digest,
// checkpoint, head, receipt, otsenka-clock, signature-input and signature. `tail -n +2 FILE | gunzip | sha256sum`, line
// by line, is all that an auditor needs.
//
// Who vouches: over HTTP the transport key signs a request. A file is made by `run`, which has no transport key, so the
// journal key signs the very same thing: the RFC 9421 signature of a PUT of these fields to the path of these records.
// The checkpoint alone would do for the records, since it covers the chain; but then the moment of the export and the Head
// could be exchanged by whoever carries the stick, and the collector tells old news from new by that moment. The keys
// differ, so a file cannot be sent as a request, nor a request be imported. A replay is harmless: the range is in the
// signed path and a repeat stores nothing. What an old file must not do (close an epoch, pretend that the kiosk is in
// touch now) is decided in `Collecting.UploadDecision`.
//
// Limits: the first line `maximumHeaderBytes`, the body `WireLimits.bodyBytes`, its contents `WireLimits.bytesPerBatch`.
// Names sort in the order of import: `central-1-e000001-r000000000001-000000000500.batch`; the receipt of a file stands
// beside it with `.receipt` in place of `.batch`. Names are for people: only what is inside is believed.
// Operations: `init(…signedWith:)`, `serialized`, `init(parsing:)`, `head` for the check of the signature.

import FoundationEssentials
import Ledger
import Ratings
import Wire

/// One upload as a file: what it says of itself, not yet believed.
public struct BatchFile: Equatable, Sendable {
    public var kiosk: KioskID
    public var epoch: Int
    public var first: Int64
    public var last: Int64
    /// The header fields of the upload, names in lower case.
    public var fields: [String: String]
    /// As it would be sent.
    public var body: Data

    static let format = "otsenka-batch/1"
    /// Of the first line, its newline included.
    public static let maximumHeaderBytes = 32 * 1024
    /// Of a whole file.
    public static let maximumBytes = maximumHeaderBytes + WireLimits.bodyBytes

    /// The greatest numbers that are read: whoever names greater ones has not counted.
    private static let greatestSequence: Int64 = 1 << 53
    private static let greatestEpoch = 1_000_000

    /// What vouches for the records of a file, as the texts of the notes.
    public struct Notes: Sendable {
        /// Of record `last`.
        public var checkpoint: String
        /// Of the newest record.
        public var head: String
        /// The newest receipt that the kiosk holds.
        public var receipt: String?

        public init(checkpoint: String, head: String, receipt: String?) {
            self.checkpoint = checkpoint
            self.head = head
            self.receipt = receipt
        }
    }

    /// Makes the file of the records `first…last`. `gzip` is their lines, compressed; `created` is the kiosk's wall
    /// clock, seconds since 1970. Throws only if the key cannot sign.
    public init(
        kiosk: KioskID, epoch: Int, first: Int64, last: Int64, gzip: Data, notes: Notes, clock: KioskClock,
        created: Int64, signedWith key: SigningKey
    ) throws {
        self.kiosk = kiosk
        self.epoch = epoch
        self.first = first
        self.last = last
        body = gzip
        fields = [
            "content-type": "application/x-ndjson", "content-encoding": "gzip",
            "content-digest": ContentDigest.value(of: gzip), "checkpoint": Self.base64(notes.checkpoint),
            "head": Self.base64(notes.head), "otsenka-clock": clock.field,
        ]
        fields["receipt"] = notes.receipt.map(Self.base64)
        var head = self.head
        try RequestSignature.sign(&head, with: key, created: created)
        fields = head.fields
    }

    private static func base64(_ note: String) -> String { Data(note.utf8).base64EncodedString() }

    /// The upload that this file is; its signature is the journal key's.
    public var head: RequestHead {
        RequestHead(
            method: "PUT", path: Routes.records(kiosk, epoch: epoch, first: first, last: last), fields: fields)
    }
}

extension BatchFile {
    private struct Header: Codable {
        var format: String
        var kiosk: KioskID
        var epoch: Int
        var first: Int64
        var last: Int64
        var fields: [String: String]
    }

    /// The bytes of the file.
    public var serialized: Data {
        let header = Header(
            format: Self.format, kiosk: kiosk, epoch: epoch, first: first, last: last, fields: fields)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and whole numbers only: there is nothing in it that JSON could not say.
        var data = (try? encoder.encode(header)) ?? Data()
        data.append(UInt8(ascii: "\n"))
        data.append(body)
        return data
    }

    /// Takes a file apart and checks its shape and limits, none of its signatures.
    public init(parsing data: Data) throws(BatchFileError) {
        guard data.count <= Self.maximumBytes else { throw .tooLong(bytes: data.count) }
        guard let end = data.prefix(Self.maximumHeaderBytes).firstIndex(of: UInt8(ascii: "\n")) else {
            throw .notABatchFile
        }
        guard let header = try? JSONDecoder().decode(Header.self, from: data[..<end]) else { throw .notABatchFile }
        guard header.format.utf8.elementsEqual(Self.format.utf8) else { throw .otherFormat(header.format) }
        guard (1...Self.greatestEpoch).contains(header.epoch), header.first >= 1, header.first <= header.last,
            header.last <= Self.greatestSequence
        else { throw .notABatchFile }
        kiosk = header.kiosk
        epoch = header.epoch
        first = header.first
        last = header.last
        fields = header.fields
        body = Data(data[data.index(after: end)...])
    }
}

/// Why bytes are no batch file.
public enum BatchFileError: Error, Equatable, CustomStringConvertible {
    case notABatchFile
    case otherFormat(String)
    case tooLong(bytes: Int)

    public var description: String {
        switch self {
        case .notABatchFile: "it is not a batch file, or is cut short; export it again"
        case .otherFormat(let format):
            "it has the format \(String(format.prefix(40))), not \(BatchFile.format); use a newer release"
        case .tooLong(let bytes):
            "it has \(bytes) bytes, more than the \(BatchFile.maximumBytes) of a batch file"
        }
    }
}
