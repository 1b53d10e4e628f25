import Collecting
import Reporting

// What goes over the admin socket, as JSON. The program's `--json` prints the same.

/// The body of `POST /admin/kiosks`.
public struct NewKiosk: Codable, Equatable, Sendable {
    /// The office's name as people know it.
    public var office: String
    public var service: String?
    public var window: String?
    /// Nothing lets the collector choose.
    public var id: String?
    /// Where kiosks reach the collector; nothing for where it was last reached.
    public var address: String?

    public init(
        office: String, service: String? = nil, window: String? = nil, id: String? = nil, address: String? = nil
    ) {
        self.office = office
        self.service = service
        self.window = window
        self.id = id
        self.address = address
    }
}

/// What a technician needs to enrol a kiosk; the code is told this once.
public struct EnrolmentTicket: Codable, Equatable, Sendable {
    public var kiosk: String
    public var office: String
    /// `ABCD-EFGH-JKMN-PQRS`.
    public var code: String
    /// RFC 3339.
    public var expires: String
    /// The collector's address.
    public var collector: String
    /// `sha256//…`; nothing over plain HTTP.
    public var pin: String?
    /// The command to type on the kiosk.
    public var enrol: String
}

/// One kiosk of `kiosk list`. Times are RFC 3339.
public struct KioskLine: Codable, Equatable, Sendable {
    public var kiosk: String
    public var office: String
    public var service: String?
    public var window: String?
    /// `expected`, `active`, `closed` or `revoked`.
    public var state: String
    public var epoch: Int
    /// The newest record that is stored, and the newest one that the kiosk signed.
    public var stored: Int64
    public var claimed: Int64
    public var lastRecord: String?
    public var lastHeartbeat: String?
    public var unsent: Int?
    public var marks: [String]
    public var program: String?

    enum CodingKeys: String, CodingKey {
        case kiosk, office, service, window, state, epoch, stored, claimed, unsent, marks, program
        case lastRecord = "last_record"
        case lastHeartbeat = "last_heartbeat"
    }
}

/// The query of `GET /admin/report`.
public struct ReportQuestion: Equatable, Sendable {
    public var by: Grouping
    /// The first and the last day, `2026-11-22`, UTC.
    public var from: String?
    public var to: String?
    /// Rows with fewer ratings carry no figures.
    public var minimum: Int

    public init(by: Grouping, from: String? = nil, to: String? = nil, minimum: Int = Suppression.standard.minimum) {
        self.by = by
        self.from = from
        self.to = to
        self.minimum = minimum
    }
}

/// One line of `events`.
public struct EventLine: Codable, Equatable, Sendable {
    /// RFC 3339.
    public var time: String
    public var kind: String
    /// Nothing for what happened to the collector itself.
    public var kiosk: String?
    public var epoch: Int?
    public var message: String
}

extension EventLine {
    /// How many events `events` shows unless it is told otherwise.
    public static let usualCount = 100
}

/// The body of `POST /admin/kiosks/{kiosk}/replace`.
public struct ReplacementOrder: Codable, Equatable, Sendable {
    /// Where the kiosk reaches the collector; nothing for where it was last reached.
    public var address: String?

    public init(address: String? = nil) { self.address = address }
}

/// The body of `POST /admin/backup`.
public struct BackupOrder: Codable, Equatable, Sendable {
    /// The new file, absolute, written by the running program.
    public var to: String

    public init(to: String) { self.to = to }
}

/// The body of `POST /admin/kiosks/{kiosk}/revoke`.
public struct RevocationOrder: Codable, Equatable, Sendable {
    /// For the list of events; may be empty.
    public var reason: String

    public init(reason: String) { self.reason = reason }
}

/// A technician's visit that was allowed; the answer of `POST /admin/kiosks/{kiosk}/visit`.
public struct VisitTicket: Codable, Equatable, Sendable {
    public var kiosk: String
    public var technician: String
    /// RFC 3339.
    public var until: String
    public var verbs: [String]
    /// The signed note.
    public var note: String
}

/// That a command without facts of its own was done.
public struct Done: Codable, Equatable, Sendable {
    public var done = true

    public init() {}
}

/// What became of one batch file; the answer of `POST /admin/batches`.
public struct BatchVerdict: Codable, Equatable, Sendable {
    public enum Outcome: String, Codable, Sendable {
        /// Some of its records were new.
        case taken
        /// Everything in it was there already.
        case repeated
        /// Earlier records are missing: import the file that has record `need`, then this one again.
        case gap
        /// The collector has lost records that it had receipted; the kiosk must export from `need` on.
        case rewindCollector = "rewind_collector"
        /// Its records differ from those stored; both are kept.
        case fork
        case refused
    }

    public var outcome: Outcome
    public var kiosk: String?
    public var epoch: Int?
    public var first: Int64?
    public var last: Int64?
    /// Records that were new.
    public var new: Int64?
    public var need: Int64?
    /// The code of the refusal, as over HTTP.
    public var error: String?
    public var message: String?
    /// The receipt, as the text of the note.
    public var receipt: String?

    /// A file that was refused before anybody could ask the collector.
    public init(refused message: String) {
        outcome = .refused
        self.message = message
    }
}
