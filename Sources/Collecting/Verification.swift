// `verify`: whether the store still holds what kiosks sent, in the order and with the times in which it was taken.
//
// What is checked, for each chain: every line against the chain from its genesis and against the signed checkpoint of
// its batch; that no record, batch or branch is missing or left over; the seals of epochs, batches and events; the claim and
// the receipt that the kiosk showed; and every row that was derived from records, by deriving it again. Not covered,
// because nothing in it is evidence: names of offices and services, codes, heartbeats and contacts of boots.

import FoundationEssentials
import Ledger
import Ratings

/// One thing that is not as it was.
public struct VerifyFault: Codable, Equatable, Sendable, CustomStringConvertible {
    public var kiosk: KioskID?
    public var epoch: Int?
    /// The first bad record; nothing where the fault is in no record.
    public var sequence: Int64?
    /// Where only a later record gives the change away (everything between was computed anew, as far as that needs no
    /// kiosk's key): the first one that may be bad. `sequence` is then the first one that certainly is.
    public var since: Int64?
    public var what: String

    public init(
        kiosk: KioskID? = nil, epoch: Int? = nil, sequence: Int64? = nil, since: Int64? = nil, what: String
    ) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.sequence = sequence
        self.since = since == sequence ? nil : since
        self.what = what
    }

    public var description: String {
        let place = [
            kiosk.map { "kiosk \($0)" }, epoch.map { "epoch \($0)" },
            sequence.map { last in since.map { "records \($0)-\(last)" } ?? "record \(last)" },
        ].compactMap(\.self)
        return place.isEmpty ? what : place.joined(separator: ", ") + ": " + what
    }
}

/// The result of `verify`.
public struct VerifyReport: Codable, Equatable, Sendable {
    public var kiosks = 0
    public var chains = 0
    public var records: Int64 = 0
    /// At most `mostFaults`, by chain and record; the first one is the first bad record.
    public var faults: [VerifyFault] = []

    public static let mostFaults = 100

    public init() {}

    public var isClean: Bool { faults.isEmpty }
}

extension Collector {
    /// Walks every chain of every kiosk, and compares everything with the lists of heads in the store and with `lists`,
    /// published ones that somebody kept. Never throws for what it finds: a store that cannot be read is a fault too.
    public func verify(against lists: [SignedHeads] = []) async -> VerifyReport {
        var report = await verifyStore()
        do {
            guard try await store.read({ try $0.lastHeads() }) != nil || !lists.isEmpty else { return report }
            var verifier = EvidenceVerifier(lists: lists, key: identity.key.publicKey, collector: identity.name)
            var cutter = LineCutter()
            var lines: Int64 = 0
            var piece = try await exportPiece(now: .max)
            while true {
                cutter.take(piece.lines) { line in
                    verifier.take(line)
                    lines += 1
                }
                guard let next = piece.next else { break }
                piece = try await exportPiece(at: next, now: .max)
            }
            verifier.take(Data("end \(lines)".utf8))
            let evidence = verifier.end()
            let known = Set(
                report.faults.map { [$0.kiosk?.rawValue, $0.epoch?.description, $0.sequence?.description] })
            let news = evidence.verified.faults.filter { fault in
                !known.contains([fault.kiosk?.rawValue, fault.epoch?.description, fault.sequence?.description])
            }
            report.faults += evidence.contradictions.map { VerifyFault(what: "\($0)") } + news
        } catch {
            report.faults.append(VerifyFault(what: "the lists of heads cannot be compared: \(error)"))
        }
        report.faults = Array(report.faults.prefix(VerifyReport.mostFaults))
        return report
    }

    /// What the store alone can tell.
    private func verifyStore() async -> VerifyReport {
        var report = VerifyReport()
        report.faults += await faults { snapshot in
            try snapshot.storageFaults().map { VerifyFault(what: "SQLite finds its file damaged: \($0)") }
        }
        var epochs: [EpochRow] = []
        do {
            let kiosks = try await store.read { try $0.kiosks() }
            report.kiosks = kiosks.count
            for kiosk in kiosks {
                do {
                    let own = try await store.read { try $0.epochs(of: kiosk.id) }
                    report.faults += faults(of: kiosk, newest: own.last)
                    epochs += own
                } catch {
                    report.faults.append(VerifyFault(kiosk: kiosk.id, what: "its epochs cannot be read: \(error)"))
                }
            }
        } catch {
            report.faults.append(VerifyFault(what: "the kiosks cannot be read: \(error)"))
        }
        epochs.sort { $0.chain < $1.chain }
        report.chains = epochs.count
        report.faults += registerFaults(epochs)
        for epoch in epochs { await verify(epoch, into: &report) }
        let identity = identity
        report.faults += await faults { try Self.eventFaults($0.events(limit: Int.max).reversed(), identity) }
        report.faults += await faults { snapshot in try snapshot.orphans().map { VerifyFault(what: $0) } }
        return report
    }

    private func verify(_ epoch: EpochRow, into report: inout VerifyReport) async {
        let identity = identity
        do {
            let result = try await store.read { snapshot -> (records: Int64, faults: [VerifyFault]) in
                guard let row = try snapshot.epoch(epoch.kiosk, epoch.epoch) else { return (0, []) }
                var verification = ChainVerification(epoch: row, collector: identity.name, keys: identity.receiptKeys)
                try verification.run(over: snapshot)
                return (verification.records, verification.faults)
            }
            report.records += result.records
            report.faults += result.faults
        } catch {
            report.faults.append(
                VerifyFault(kiosk: epoch.kiosk, epoch: epoch.epoch, what: "its chain cannot be read: \(error)"))
        }
    }

    private func faults(
        _ find: @escaping @Sendable (any StoreSnapshot) throws -> [VerifyFault]
    ) async -> [VerifyFault] {
        do {
            return try await store.read(find)
        } catch {
            return [VerifyFault(what: "the store cannot be read: \(error)")]
        }
    }

    /// A kiosk's own row follows from its newest epoch.
    private func faults(of kiosk: KioskRow, newest: EpochRow?) -> [VerifyFault] {
        guard let newest else { return [] }
        var faults: [VerifyFault] = []
        if kiosk.place != newest.place {
            faults.append(VerifyFault(kiosk: kiosk.id, what: "its place is not that of its epoch \(newest.epoch)"))
        }
        if (kiosk.revoked != nil) != (newest.state == .revoked) {
            faults.append(VerifyFault(kiosk: kiosk.id, what: "it is revoked in one place and trusted in another"))
        }
        return faults
    }

    /// The seals of events are a chain too; it begins with the first event that a release of ours sealed.
    private static func eventFaults(
        _ events: some Sequence<EventRow>, _ identity: CollectorIdentity
    ) -> [VerifyFault] {
        var previous = ""
        let keys = identity.receiptKeys
        for event in events where !(event.seal.isEmpty && previous.isEmpty) {
            guard Seal.holds(event.seal, over: Seal.text(of: event, after: previous), by: keys)
            else {
                let what = "the event “\(event.message)” or the one before it was changed or taken out"
                return [VerifyFault(kiosk: event.kiosk, what: what)]
            }
            previous = event.seal
        }
        return []
    }

    private func registerFaults(_ epochs: [EpochRow]) -> [VerifyFault] { receiptKeys.registerFaults(epochs) }
}

extension ReceiptKeys {
    /// The seals of epochs, in the order of their chains, are a chain of their own, so that none but the last can be
    /// taken out.
    func registerFaults(_ epochs: [EpochRow]) -> [VerifyFault] {
        var faults: [VerifyFault] = []
        var previous: EpochRow?
        for epoch in epochs {
            let expected = (previous?.chain ?? 0) + 1
            if epoch.chain != expected {
                faults.append(VerifyFault(what: "the epoch of chain \(expected) is missing, with its kiosk's records"))
            } else if !hold(epoch.seal, over: Seal.text(of: epoch, after: previous?.seal ?? "")) {
                faults.append(
                    VerifyFault(
                        kiosk: epoch.kiosk, epoch: epoch.epoch,
                        what: "the epoch's place, keys or time were changed (its seal does not hold)"))
            }
            previous = epoch
        }
        return faults
    }
}
