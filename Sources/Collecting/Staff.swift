import Ledger
import Ratings
import Wire

/// Why a command of staff was not done.
public struct CollectorError: Error, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case unknownKiosk = "unknown_kiosk"
        case alreadyKnown = "already_known"
        case badName = "bad_name"
    }

    public var code: Code
    /// What is wrong, why, and what to do next.
    public var message: String

    public var description: String { message }
}

extension Collector {
    private static let nameLength = 200
    private static let idLength = 64

    /// Adds a kiosk and its place, and makes its one-time code. Without an id the kiosk gets `<office>-<number>`.
    /// Throws `CollectorError` for a known id or a name that cannot be kept, or `StoreError`.
    public func addKiosk(
        _ id: KioskID?, office: Place, service: Place, window: String, now: Int64
    ) async throws -> IssuedCode {
        for (what, text, length) in [
            ("office id", office.id, Self.idLength), ("office name", office.name, Self.nameLength),
            ("service id", service.id, Self.idLength), ("service name", service.name, Self.nameLength),
        ] {
            try Self.check(text, what, length: length, mayBeEmpty: false)
        }
        try Self.check(window, "window", length: Self.idLength, mayBeEmpty: true)
        let bytes = random(10)
        let code = EnrolmentCode(random: bytes)
        return try await store.write { transaction in
            try transaction.eraseCodes(expiredAt: now, of: nil)
            let kiosk = try id ?? Self.freeID(at: office, in: transaction)
            guard try transaction.kiosk(kiosk) == nil else {
                throw CollectorError(
                    code: .alreadyKnown,
                    message: "kiosk \(kiosk) is known already; for a new code for it use "
                        + "`otsenka-collector kiosk replace \(kiosk)`, for another kiosk choose another id")
            }
            try transaction.add(office: office)
            try transaction.add(service: service)
            let place = KioskPlace(office: office.id, service: service.id, window: window)
            try transaction.put(KioskRow(id: kiosk, place: place, added: now))
            return try self.issue(code, for: kiosk, now: now, in: transaction)
        }
    }

    /// Makes a one-time code with which a known kiosk is enrolled again, on the same or on another machine. Its place
    /// stays.
    public func replaceKiosk(_ id: KioskID, now: Int64) async throws -> IssuedCode {
        let code = EnrolmentCode(random: random(10))
        return try await store.write { transaction in
            guard try transaction.kiosk(id) != nil else { throw Self.notKnown(id) }
            try transaction.eraseCodes(expiredAt: now, of: id)
            return try self.issue(code, for: id, now: now, in: transaction)
        }
    }

    /// Trusts a kiosk's keys no longer: what it sends from now on is kept in quarantine. What was stored stays.
    public func revokeKiosk(_ id: KioskID, reason: String, now: Int64) async throws {
        try Self.check(reason, "reason", length: Self.nameLength, mayBeEmpty: true)
        try await store.write { transaction in
            guard var kiosk = try transaction.kiosk(id) else { throw Self.notKnown(id) }
            guard kiosk.revoked == nil else { return }
            kiosk.revoked = now
            try transaction.put(kiosk)
            try transaction.eraseCodes(expiredAt: now, of: id)
            let epochs = try transaction.epochs(of: id)
            for var epoch in epochs {
                epoch.state = .revoked
                try self.save(&epoch, in: transaction)
            }
            let message = "kiosk \(id) was revoked" + (reason.isEmpty ? "" : ": \(reason)")
            try self.record(
                EventRow(time: now, kind: .revoked, kiosk: id, epoch: epochs.last?.epoch ?? 0, message: message),
                in: transaction)
        }
    }

    private func issue(
        _ code: EnrolmentCode, for kiosk: KioskID, now: Int64, in transaction: any StoreTransaction
    ) throws -> IssuedCode {
        let expires = now + limits.codeMilliseconds
        try transaction.put(
            CodeRow(identifier: code.identifier, characters: code.characters, kiosk: kiosk, expires: expires))
        return IssuedCode(kiosk: kiosk, code: code, expires: expires)
    }

    private static func freeID(at office: Place, in transaction: any StoreTransaction) throws -> KioskID {
        for number in 1...100_000 {
            guard let id = KioskID(rawValue: "\(office.id)-\(number)") else { break }
            if try transaction.kiosk(id) == nil { return id }
        }
        throw CollectorError(
            code: .badName,
            message: "no kiosk id can be made of the office id \"\(office.id)\"; give one with --id "
                + "(1-64 of a-z, 0-9, - and .)")
    }

    private static func check(_ text: String, _ what: String, length: Int, mayBeEmpty: Bool) throws {
        let plain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard plain, text.count <= length, mayBeEmpty || !text.isEmpty else {
            throw CollectorError(
                code: .badName,
                message: "the \(what) must have \(mayBeEmpty ? 0 : 1)-\(length) characters and no control characters")
        }
    }

    static func notKnown(_ id: KioskID) -> CollectorError {
        CollectorError(
            code: .unknownKiosk,
            message: "no kiosk \(id) is known; `otsenka-collector kiosk list` shows those that are")
    }
}

extension Collector {
    /// Every kiosk, by id.
    public func kiosks() async throws -> [KioskStatus] {
        try await store.read { snapshot in
            try snapshot.kiosks().map { kiosk in
                let epoch = try snapshot.epochs(of: kiosk.id).last
                return KioskStatus(
                    id: kiosk.id, place: kiosk.place, state: Self.state(kiosk, epoch), epoch: epoch?.epoch ?? 0,
                    storedSequence: epoch?.head.sequence ?? 0, claimedSequence: epoch?.claim?.sequence ?? 0,
                    lastRecord: epoch?.received, heartbeat: try snapshot.heartbeat(kiosk.id))
            }
        }
    }

    private static func state(_ kiosk: KioskRow, _ epoch: EpochRow?) -> KioskStatus.State {
        if kiosk.revoked != nil { return .revoked }
        guard let epoch else { return .expected }
        return epoch.state == .closed ? .closed : .active
    }

    /// Sessions counted by the query's dimensions, in the order of their keys. Groups without a session do not appear.
    public func tallies(_ query: TallyQuery) async throws -> [Tally] { try await store.read { try $0.tallies(query) } }

    /// Answers counted by the query's dimensions and by question, in the order of their keys.
    public func answerTallies(_ query: TallyQuery) async throws -> [AnswerTally] {
        try await store.read { try $0.answerTallies(query) }
    }

    public func summary() async throws -> CollectorSummary { try await store.read { try $0.summary() } }

    /// The newest alarms first.
    public func events(limit: Int) async throws -> [EventRow] { try await store.read { try $0.events(limit: limit) } }

    public func eventCounts() async throws -> [EventRow.Kind: Int] { try await store.read { try $0.eventCounts() } }

    public func offices() async throws -> [Place] { try await store.read { try $0.offices() } }
    public func services() async throws -> [Place] { try await store.read { try $0.services() } }
}
