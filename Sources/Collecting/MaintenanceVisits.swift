import Ledger
import Ratings

/// The newest technician's visit that a kiosk was allowed. It stays when the kiosk has heard of it: the next number must be above
/// it, whatever becomes of the collector's clock.
public struct MaintenanceRow: Equatable, Sendable {
    public var kiosk: KioskID
    /// `MaintenanceNote.number`.
    public var number: Int64
    /// Until when the kiosk is told of it, milliseconds since 1970; 0 once it knows, and for one that is carried there.
    public var until: Int64
    /// The whole note; empty where nobody is told any more.
    public var note: String

    public init(kiosk: KioskID, number: Int64, until: Int64, note: String) {
        self.kiosk = kiosk
        self.number = number
        self.until = until
        self.note = note
    }
}

/// What staff asks for.
public struct MaintenanceOrder: Codable, Equatable, Sendable {
    public var technician: String
    public var minutes: Int
    public var permissions: [MaintenancePermission]
    /// Whether the kiosk hears of it with its next heartbeats; otherwise the note is carried to it.
    public var isSent: Bool

    public init(technician: String, minutes: Int, permissions: [MaintenancePermission], isSent: Bool) {
        self.technician = technician
        self.minutes = minutes
        self.permissions = permissions
        self.isSent = isSent
    }
}

extension Collector {
    /// Signs a technician's visit that begins now and puts it on record; it takes the place of one that the kiosk has not
    /// heard of yet. Throws `CollectorError` for an unknown or revoked kiosk, a technician or a length that cannot be.
    public func visit(_ id: KioskID, _ order: MaintenanceOrder, now: Int64) async throws -> MaintenanceNote {
        try await store.write { transaction in
            guard let kiosk = try transaction.kiosk(id) else { throw Self.notKnown(id) }
            guard kiosk.revoked == nil else {
                throw CollectorError(
                    code: .unknownKiosk, message: "kiosk \(id) is revoked and believes no visit; enrol it again first")
            }
            let number = max(now, (try transaction.maintenance(of: id)?.number ?? 0) + 1)
            let note: MaintenanceNote
            do {
                note = try MaintenanceNote(
                    kiosk: id.rawValue, number: number, technician: order.technician, from: now / 1000,
                    until: now / 1000 + Int64(order.minutes) * 60, permissions: order.permissions,
                    signedAs: self.identity.name, with: self.identity.key)
            } catch is MaintenanceRefusal {
                throw CollectorError(
                    code: .badName,
                    message:
                        "a visit has 1 to \(MaintenanceNote.maximumSeconds / 60) minutes, at least one verb, and a "
                        + "technician of 1 to \(MaintenanceNote.technicianLength) characters without control characters"
                )
            }
            try transaction.put(
                MaintenanceRow(
                    kiosk: id, number: number, until: order.isSent ? note.until * 1000 : 0,
                    note: order.isSent ? note.serialized : ""))
            let verbs = note.permissions.map(\.rawValue).joined(separator: ", ")
            let message = "technician \(note.technician) may visit kiosk \(id) for \(order.minutes) min: \(verbs)"
            let epoch = try transaction.epochs(of: id).last?.epoch ?? 0
            try self.record(
                EventRow(time: now, kind: .maintenance, kiosk: id, epoch: epoch, message: message), in: transaction)
            return note
        }
    }

    /// What a kiosk is ordered in the answer to a heartbeat that says which visit it opened last.
    func orders(for kiosk: KioskID, opened: Int64?, now: Int64, in transaction: any StoreTransaction) throws -> [String]
    {
        guard var waiting = try transaction.maintenance(of: kiosk), waiting.until > 0 else { return [] }
        guard waiting.until > now, waiting.number > opened ?? 0 else {
            waiting.until = 0
            waiting.note = ""
            try transaction.put(waiting)
            return []
        }
        return [waiting.note]
    }
}
