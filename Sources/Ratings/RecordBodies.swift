// The bodies of the record kinds, field by field as they stand in the line. Fields are added, never renamed or reused.

/// A dialog appeared: the denominator of every share.
public struct Shown: Codable, Equatable, Sendable {
    public var session: SessionID
    /// `id@version` of the questionnaire.
    public var questionnaire: String
    public var language: String
    public var visit: Visit

    public init(session: SessionID, questionnaire: String, language: String, visit: Visit) {
        self.session = session
        self.questionnaire = questionnaire
        self.language = language
        self.visit = visit
    }
}

/// One pressed answer, durable before it is acknowledged on the screen. Without `value` the question was passed over.
public struct Answer: Codable, Equatable, Sendable {
    public var session: SessionID
    public var question: String
    /// The pressed mark; none when `pass` says why there is none.
    public var value: Int?
    public var reasons: [String]?
    public var pass: Pass?
    public var language: String
    /// From the question's first frame to the press, milliseconds.
    public var elapsedMilliseconds: Int

    /// Why a question has no mark.
    public enum Pass: String, Codable, Sendable {
        case skip
        /// «Затрудняюсь ответить».
        case noAnswer = "no_answer"
    }

    public init(
        session: SessionID, question: String, value: Int?, reasons: [String]? = nil, pass: Pass? = nil,
        language: String,
        elapsedMilliseconds: Int
    ) {
        self.session = session
        self.question = question
        self.value = value
        self.reasons = reasons
        self.pass = pass
        self.language = language
        self.elapsedMilliseconds = elapsedMilliseconds
    }

    enum CodingKeys: String, CodingKey {
        case session, question, value, reasons, pass, language
        case elapsedMilliseconds = "elapsed_ms"
    }
}

/// A session is over.
public struct SessionEnd: Codable, Equatable, Sendable {
    public var session: SessionID
    public var outcome: Outcome
    public var durationMilliseconds: Int
    /// Rules of misuse that matched; presses are flagged and kept, never dropped.
    public var flags: [String]?
    /// The version of the rules that set `flags`.
    public var rules: Int?

    public init(
        session: SessionID, outcome: Outcome, durationMilliseconds: Int, flags: [String]? = nil, rules: Int? = nil
    ) {
        self.session = session
        self.outcome = outcome
        self.durationMilliseconds = durationMilliseconds
        self.flags = flags
        self.rules = rules
    }

    enum CodingKeys: String, CodingKey {
        case session, outcome, flags, rules
        case durationMilliseconds = "duration_ms"
    }
}

/// The salted SHA-256 of a comment that is kept apart, so that the text can be erased without breaking the chain.
public struct TextDigest: Codable, Equatable, Sendable {
    public var session: SessionID
    /// Base64 of SHA-256(salt ‖ text).
    public var digest: String

    public init(session: SessionID, digest: String) {
        self.session = session
        self.digest = digest
    }
}

/// Thanks to a unit, never to a person by name.
public struct Gratitude: Codable, Equatable, Sendable {
    public var session: SessionID
    public var unit: String

    public init(session: SessionID, unit: String) {
        self.session = session
        self.unit = unit
    }
}

/// The program started. The header's `boot` is the count.
public struct Boot: Codable, Equatable, Sendable {
    /// A digest that tells two machines apart; not a serial number.
    public var hardware: String
    /// The program's version.
    public var program: String

    public init(hardware: String, program: String) {
        self.hardware = hardware
        self.program = program
    }
}

/// The wall clock stepped by more than a second.
public struct ClockChange: Codable, Equatable, Sendable {
    public var old: String
    public var new: String

    public init(old: String, new: String) {
        self.old = old
        self.new = new
    }
}

/// A configuration or a release took effect.
public struct Applied: Codable, Equatable, Sendable {
    public var name: String
    public var version: String
    /// Base64 of the SHA-256 of its bytes.
    public var digest: String

    public init(name: String, version: String, digest: String) {
        self.name = name
        self.version = version
        self.digest = digest
    }
}

/// A technician's visit began or ended.
public struct Maintenance: Codable, Equatable, Sendable {
    public enum Moment: String, Codable, Sendable { case opened, closed }

    public var moment: Moment
    public var technician: String
    /// The verbs of `maintain` that were carried out. Nothing with `closed` where the program did not live to see the end.
    public var done: [String]?
    /// The number of the visit's note.
    public var visit: Int64?

    public init(moment: Moment, technician: String, done: [String]? = nil, visit: Int64? = nil) {
        self.moment = moment
        self.technician = technician
        self.done = done
        self.visit = visit
    }
}

/// Records that are gone, with the reason: every hole has a name.
public struct Loss: Codable, Equatable, Sendable {
    public var reason: String
    /// The last head of the lost chain that the collector had receipted, if there was one.
    public var receiptedEpoch: Int?
    public var receiptedSequence: Int64?
    public var receiptedHash: String?

    public init(
        reason: String, receiptedEpoch: Int? = nil, receiptedSequence: Int64? = nil, receiptedHash: String? = nil
    ) {
        self.reason = reason
        self.receiptedEpoch = receiptedEpoch
        self.receiptedSequence = receiptedSequence
        self.receiptedHash = receiptedHash
    }

    enum CodingKeys: String, CodingKey {
        case reason
        case receiptedEpoch = "receipted_epoch"
        case receiptedSequence = "receipted_seq"
        case receiptedHash = "receipted_hash"
    }
}

/// A key was replaced; both keys sign the change. All values base64.
public struct KeyChange: Codable, Equatable, Sendable {
    public enum Purpose: String, Codable, Sendable { case journal, transport, receipt, release, pin }

    public var purpose: Purpose
    public var old: String
    public var new: String
    public var signatureByOld: String
    public var signatureByNew: String
    /// The whole succession as a signed note (`Ledger.KeySuccession`): what a verifier reads.
    public var note: String?

    public init(
        purpose: Purpose, old: String, new: String, signatureByOld: String, signatureByNew: String, note: String? = nil
    ) {
        self.purpose = purpose
        self.old = old
        self.new = new
        self.signatureByOld = signatureByOld
        self.signatureByNew = signatureByNew
        self.note = note
    }

    enum CodingKeys: String, CodingKey {
        case purpose, old, new, note
        case signatureByOld = "signature_by_old"
        case signatureByNew = "signature_by_new"
    }
}

/// Records left the kiosk on a stick or as QR codes.
public struct Export: Codable, Equatable, Sendable {
    public var first: Int64
    public var last: Int64
    /// `files` or `qr`.
    public var medium: String
    /// The epoch of the records, where it is an earlier one than that of this record.
    public var epoch: Int?

    public init(first: Int64, last: Int64, medium: String, epoch: Int? = nil) {
        self.first = first
        self.last = last
        self.medium = medium
        self.epoch = epoch
    }

    enum CodingKeys: String, CodingKey {
        case first, last, medium
        // Bodies stand in one object with the header, whose own epoch is `epoch`.
        case epoch = "of_epoch"
    }
}

/// The kiosk was taken out of service for good.
public struct Decommission: Codable, Equatable, Sendable {
    public var reason: String

    public init(reason: String) { self.reason = reason }
}
