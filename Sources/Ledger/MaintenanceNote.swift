// A technician's visit, as the collector allows it: a signed note (SignedNote.swift).
//
// Constraints: whoever holds the machine's power must be able to judge it alone, from the text and the collector's receipt key;
// it opens one kiosk, once. Format: a note over six lines, under the collector's name and receipt key:
//   otsenka/maintenance/<kiosk>
//   <number: milliseconds since 1970 at which the collector made it; a kiosk opens no number that is not above the last>
//   <technician>
//   <from, seconds since 1970>
//   <until, seconds since 1970, at most 8 hours later>
//   <what may be done, the names of MaintenancePermission in their order, a space between>
// Operations: make one, read one (`init(_:for:of:by:)`, which verifies the raw text first), judge its time (`seconds(at:)`).

import FoundationEssentials

/// What a visit allows. The order is that of the note.
public enum MaintenancePermission: String, Codable, Sendable, CaseIterable {
    case setNetwork = "set-network"
    case setClock = "set-clock"
    case readStick = "read-stick"
    case writeStick = "write-stick"
    case installUpdate = "install-update"
    case restart
}

/// A technician's visit that a collector has signed.
public struct MaintenanceNote: Hashable, Sendable {
    public let kiosk: String
    public let number: Int64
    /// As the region calls them; it stands in the journal, so a number is better than a name.
    public let technician: String
    /// Seconds since 1970.
    public let from: Int64
    public let until: Int64
    public let permissions: [MaintenancePermission]
    /// The whole note, as it is sent and kept.
    public let serialized: String

    /// The longest visit, seconds.
    public static let maximumSeconds: Int64 = 8 * 3600
    /// The longest technician, characters.
    public static let technicianLength = 64
    /// How far a clock that is believed may be behind the collector's, seconds.
    static let leeway: Int64 = 300

    /// Makes the note. Throws `MaintenanceRefusal.malformed` for a technician or a time that cannot stand in it.
    public init(
        kiosk: String, number: Int64, technician: String, from: Int64, until: Int64,
        permissions: [MaintenancePermission], signedAs collector: String, with key: SigningKey
    ) throws {
        let ordered = MaintenancePermission.allCases.filter(permissions.contains)
        let text = Self.text(kiosk, number, technician, from, until, ordered)
        guard Self.isWellFormed(number, technician, from, until, ordered) else { throw MaintenanceRefusal.malformed }
        var note = SignedNote(text: text)
        try note.sign(as: collector, with: key)
        self.init(kiosk, number, technician, from, until, ordered, serialized: note.serialized)
    }

    /// Reads a note for this kiosk, once the collector's signature over the raw text is right. Throws `MaintenanceRefusal`.
    public init(
        _ text: String, for kiosk: String, of collector: String, by key: PublicKey
    ) throws(MaintenanceRefusal) {
        guard let note = try? SignedNote(parsing: text) else { throw .malformed }
        guard (try? note.verify(signedAs: collector, by: key)) != nil else { throw .unsigned(collector) }
        guard let read = Self.fields(of: note.text, serialized: text) else { throw .malformed }
        guard read.kiosk == kiosk else { throw .otherKiosk(read.kiosk) }
        self = read
    }

    private init(
        _ kiosk: String, _ number: Int64, _ technician: String, _ from: Int64, _ until: Int64,
        _ permissions: [MaintenancePermission], serialized: String
    ) {
        self.kiosk = kiosk
        self.number = number
        self.technician = technician
        self.from = from
        self.until = until
        self.permissions = permissions
        self.serialized = serialized
    }

    private static let title = "otsenka/maintenance/"

    private static func text(
        _ kiosk: String, _ number: Int64, _ technician: String, _ from: Int64, _ until: Int64,
        _ permissions: [MaintenancePermission]
    ) -> String {
        """
        \(title)\(kiosk)
        \(number)
        \(technician)
        \(from)
        \(until)
        \(permissions.map(\.rawValue).joined(separator: " "))

        """
    }

    private static func isWellFormed(
        _ number: Int64, _ technician: String, _ from: Int64, _ until: Int64, _ permissions: [MaintenancePermission]
    ) -> Bool {
        let plain = technician.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        return number > 0 && from >= 0 && until > from && until - from <= maximumSeconds && plain
            && (1...technicianLength).contains(technician.count) && !permissions.isEmpty
    }

    private static func fields(of text: String, serialized: String) -> MaintenanceNote? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 7, lines[0].hasPrefix(title), let number = Int64(lines[1]), let from = Int64(lines[3]),
            let until = Int64(lines[4]), until <= Int64.max / 1000
        else { return nil }
        let kiosk = String(lines[0].dropFirst(title.count))
        let names = lines[5].split(separator: " ").map(String.init)
        let permissions = MaintenancePermission.allCases.filter { names.contains($0.rawValue) }
        guard isWellFormed(number, lines[2], from, until, permissions),
            // One spelling only: what is signed is what we would have written.
            Self.text(kiosk, number, lines[2], from, until, permissions).utf8.elementsEqual(text.utf8)
        else { return nil }
        return MaintenanceNote(kiosk, number, lines[2], from, until, permissions, serialized: serialized)
    }
}

/// What a kiosk knows of the time as it judges a visit: the best it has, and how good that is.
public struct MaintenanceClock: Equatable, Sendable {
    public enum Trust: Equatable, Sendable {
        /// The collector has just signed it for this kiosk's own nonce.
        case proved
        /// The time service has set the clock.
        case synced
        /// A clock of which nobody knows: it may stand in 1970.
        case unvouched
    }

    /// Seconds since 1970.
    public var seconds: Int64
    public var trust: Trust
    /// The newest time that the collector has signed on anything held here: it is later than that for certain.
    public var floor: Int64

    public init(seconds: Int64, trust: Trust, floor: Int64 = 0) {
        self.seconds = seconds
        self.trust = trust
        self.floor = floor
    }
}

extension MaintenanceNote {
    /// How many seconds the visit may go on, by the boot clock from now on. Throws `MaintenanceRefusal` outside its time.
    ///
    /// A clock that nobody vouches for and that is behind the note is wrong for certain, because the collector has made the
    /// note already; the visit then has its whole length, and the number alone keeps the note from being used again. Such a
    /// clock that is ahead of the note cannot be told from a note that is too old, so that is refused.
    public func seconds(at clock: MaintenanceClock) throws(MaintenanceRefusal) -> Int64 {
        guard clock.floor < until else { throw .over(until: until, now: clock.floor, isCertain: true) }
        let now = max(clock.seconds, clock.floor)
        let isCertain = clock.trust != .unvouched
        guard now < until else { throw .over(until: until, now: now, isCertain: isCertain) }
        if isCertain, now < from - Self.leeway { throw .notYet(from: from, now: now) }
        return until - max(now, from)
    }
}

/// Why a visit is not opened.
public enum MaintenanceRefusal: Error, Equatable {
    case malformed
    /// No valid signature of this collector by its newest receipt key.
    case unsigned(String)
    case otherKiosk(String)
    case notYet(from: Int64, now: Int64)
    /// `isCertain`: not only by a clock that may be wrong.
    case over(until: Int64, now: Int64, isCertain: Bool)
    /// A visit of this number or of a later one was opened before.
    case used(number: Int64)
}

extension MaintenanceRefusal: CustomStringConvertible {
    public var description: String {
        let again = "make a new one with otsenka-collector kiosk visit"
        return switch self {
        case .malformed: "this is not the note of a technician's visit; copy the file as a whole, or \(again)"
        case .unsigned(let name):
            "the visit is not signed by the receipt key of \(name) that this kiosk believes; \(again)"
        case .otherKiosk(let kiosk): "the visit is for kiosk \(kiosk); \(again) for this kiosk"
        case .notYet(let from, let now): "the visit begins \(from - now) s from now; try again then"
        case .over(let until, let now, true): "the visit ended \(now - until) s ago; \(again)"
        case .over(let until, let now, false):
            "the visit ended \(now - until) s ago by this kiosk's own clock, which nobody vouches for; \(again), or set the "
                + "clock in the machine's setup"
        case .used(let number): "visit \(number), or a later one, was opened here before; \(again)"
        }
    }
}
