import FoundationEssentials
import Ledger
import Ratings
import Wire

// What uploads and heartbeats leave in an epoch beside records.

extension Collector {
    /// Keeps a batch beside the chain as evidence, once, as long as the epoch's share of the store is not used up.
    /// Whether it is new: a kiosk repeats what was refused every few minutes, and one alarm is enough.
    func keep(
        _ batch: CheckedBatch, because reason: BranchReason, _ row: inout EpochRow, now: Int64,
        in transaction: any StoreTransaction
    ) throws -> Bool {
        guard row.branches < limits.branchesPerEpoch else { return false }
        var lines = Data()
        for line in batch.lines {
            lines.append(line)
            lines.append(UInt8(ascii: "\n"))
        }
        let branch = BranchRow(
            chain: row.chain, first: batch.first, last: batch.last, lastHash: batch.checkpoint.head.hash.base64,
            reason: reason, received: now, checkpoint: batch.checkpoint.serialized, lines: lines)
        let new = try transaction.insert(branch)
        if new { row.branches += 1 }
        return new
    }

    /// Remembers the newest head and receipt, the contact of the boot, and raises the alarms that follow from them.
    func note(
        _ head: Checkpoint, _ receipt: Checkpoint?, _ verdict: HeadVerdict, at moment: RequestMoment,
        _ row: inout EpochRow, now: Int64, in transaction: any StoreTransaction
    ) throws {
        if verdict == .tailCut, let claim = row.claim {
            let message =
                "kiosk \(row.kiosk), epoch \(row.epoch), had \(claim.sequence) records and now has "
                + "\(head.head.sequence): records that were not yet sent are gone"
            try event(.tailCut, message, row, now: now, in: transaction)
        }
        if verdict != .rewound, row.claim.map({ moment.replaces($0, with: head.head.sequence) }) ?? true {
            row.claim = HeadClaim(
                note: head.serialized, sequence: head.head.sequence, created: moment.created, boot: moment.clock.boot,
                bootMilliseconds: moment.clock.bootMilliseconds)
            // A file that is read today does not say that the kiosk is in touch today.
            if !moment.isCarried { try put(contactOf: moment.clock, row.chain, now: now, in: transaction) }
        }
        let shown = row.receipt.flatMap(row.checkpoint)
        guard let receipt, receipt.head.sequence > shown?.head.sequence ?? 0 else { return }
        if receipt.head.sequence > row.head.sequence {
            let message =
                "kiosk \(row.kiosk), epoch \(row.epoch), holds a receipt for record \(receipt.head.sequence), but only "
                + "\(row.head.sequence) are stored here: the collector has lost data; the kiosk sends it again"
            try event(.rewindCollector, message, row, now: now, in: transaction)
        }
        row.receipt = receipt.serialized
    }

    private func put(
        contactOf clock: KioskClock, _ chain: Int64, now: Int64, in transaction: any StoreTransaction
    ) throws {
        let start = BootClocks.start(
            of: clock, received: now, after: try transaction.contact(chain, boot: clock.boot))
        // As if it had come without delay.
        let contact = BootContact(
            boot: clock.boot, bootMilliseconds: clock.bootMilliseconds, received: start + clock.bootMilliseconds)
        try transaction.put(contact, chain: chain)
    }

    /// Writes the changeable part of an epoch with its new seal.
    func save(_ row: inout EpochRow, in transaction: any StoreTransaction) throws {
        row.stateSeal = try Seal.sign(Seal.text(ofStateOf: row), with: identity.key)
        try transaction.update(row)
    }

    /// Opens an epoch under the next chain number. One that is open supersedes those that were.
    func open(
        _ kiosk: KioskID, epoch: Int, place: KioskPlace, keys: EpochKeys, origin: EpochOrigin, floor: Int64, now: Int64,
        as state: EpochState = .open, in transaction: any StoreTransaction
    ) throws -> EpochRow {
        let last = try transaction.lastEpoch()
        let genesis = Genesis(
            kiosk: kiosk.rawValue, epoch: epoch, publicKey: keys.journalKey, collectorNonce: keys.collectorNonce)
        var row = EpochRow(
            chain: (last?.chain ?? 0) + 1, kiosk: kiosk, epoch: epoch, place: place, journalKey: keys.journalKey,
            transportKey: keys.transportKey, certificate: keys.certificate, collectorNonce: keys.collectorNonce,
            origin: origin, opened: now, seal: "", state: state, head: genesis.head, floor: floor)
        row.seal = try Seal.sign(Seal.text(of: row, after: last?.seal ?? ""), with: identity.key)
        row.stateSeal = try Seal.sign(Seal.text(ofStateOf: row), with: identity.key)
        for var older in try transaction.epochs(of: kiosk) where older.state == .open && state == .open {
            older.state = .superseded
            try save(&older, in: transaction)
        }
        try transaction.insert(row)
        return row
    }

    /// The epoch that a batch belongs to; opened here where the kiosk started it by itself after damage (§4,
    /// “Corruption”).
    ///
    /// It may come after a newer one: a restored collector hears of it again only when the kiosk has been enrolled since.
    func epoch(
        of batch: CheckedBatch, permit: UploadPermit, now: Int64, in transaction: any StoreTransaction
    ) throws -> Result<EpochRow, Refusal> {
        if let row = try transaction.epoch(permit.kiosk, permit.epoch) { return .success(row) }
        let epochs = try transaction.epochs(of: permit.kiosk)
        guard let before = epochs.last(where: { $0.epoch < permit.epoch }) else {
            return .failure(Self.unknown(permit.kiosk))
        }
        let isBetween = epochs.contains { $0.epoch > permit.epoch }
        if let refusal = tooManyLosses(epochs, opening: permit.epoch, now: now) { return .failure(refusal) }
        switch before.state {
        case .revoked: return .failure(Self.revoked(permit.kiosk))
        case .open: break
        case .superseded where isBetween: break
        case .closed, .superseded:
            let message =
                "epoch \(before.epoch) of kiosk \(permit.kiosk) is \(before.state.rawValue), so it cannot open "
                + "another by itself; enrol it with a code of `otsenka-collector kiosk replace \(permit.kiosk)`"
            return .failure(Refusal(error: .epochClosed, message: message))
        }
        guard batch.first == 1 else {
            let message = "epoch \(permit.epoch) is not known here yet; send it from record 1"
            return .failure(Refusal(error: .gap, message: message, need: 1))
        }
        var genesis = before.genesis
        genesis.epoch = permit.epoch
        guard batch.items.first?.isLoss == true, batch.previous == genesis.hash else {
            let message =
                "epoch \(permit.epoch) of kiosk \(permit.kiosk) was not opened by an enrolment, and its record "
                + "1 is not a `loss` that follows the genesis of epoch \(before.epoch)'s key and nonce"
            return .failure(Refusal(error: .brokenChain, message: message))
        }
        // Whoever holds only a key that was changed must not begin anew with it.
        let spoken = [batch.keys.first] + batch.keys.changes.compactMap(\.succession.newKey)
        guard spoken.contains(before.keys.current) else {
            let message =
                "epoch \(permit.epoch) of kiosk \(permit.kiosk) does not begin with the changes of its journal key; send "
                + "them with record 1"
            return .failure(Refusal(error: .brokenChain, message: message))
        }
        let row = try open(
            permit.kiosk, epoch: permit.epoch, place: before.place, keys: EpochKeys(before), origin: .loss,
            floor: before.floor, now: now, as: isBetween ? .superseded : .open, in: transaction)
        let message =
            "kiosk \(row.kiosk) lost its journal of epoch \(before.epoch) and opened epoch \(row.epoch) by itself"
        try event(.epochByLoss, message, row, now: now, in: transaction)
        return .success(row)
    }

    /// Damage is rare; a kiosk that opens epoch after epoch by itself is broken or hostile.
    private func tooManyLosses(_ epochs: [EpochRow], opening epoch: Int, now: Int64) -> Refusal? {
        guard let newest = epochs.last else { return nil }
        if epoch - newest.epoch > limits.epochsAhead {
            return Refusal(
                error: .malformed,
                message: "epoch \(epoch) of kiosk \(newest.kiosk) is more than \(limits.epochsAhead) beyond its epoch "
                    + "\(newest.epoch) here; enrol it with a code of `otsenka-collector kiosk replace \(newest.kiosk)`")
        }
        let losses = epochs.count { $0.origin == .loss && $0.opened > now - 24 * 3600 * 1000 }
        guard losses >= limits.lossEpochsPerDay else { return nil }
        return Refusal(
            error: .tooMany,
            message: "kiosk \(newest.kiosk) has opened \(losses) epochs by itself within a day; look at its disk")
    }

    func event(
        _ kind: EventRow.Kind, _ message: String, _ row: EpochRow, now: Int64, in transaction: any StoreTransaction
    ) throws {
        try record(
            EventRow(time: now, kind: kind, kiosk: row.kiosk, epoch: row.epoch, message: message), in: transaction)
    }

    /// Puts an event on record. The seals are a chain, so that none but the last event can be taken out unseen.
    func record(_ event: EventRow, in transaction: any StoreTransaction) throws {
        var event = event
        let previous = try transaction.events(limit: 1).first?.seal ?? ""
        event.seal = try Seal.sign(Seal.text(of: event, after: previous), with: identity.key)
        try transaction.insert(event)
    }
}

/// The keys of an epoch, as its enrolment gave them.
struct EpochKeys {
    var journalKey: PublicKey
    var transportKey: PublicKey
    var certificate: String
    var collectorNonce: String

    init(_ row: EpochRow) {
        journalKey = row.journalKey
        transportKey = row.transportKey
        certificate = row.certificate
        collectorNonce = row.collectorNonce
    }

    init(_ request: EnrolmentRequest, collectorNonce: String) {
        journalKey = request.journalKey
        transportKey = request.transportKey
        certificate = request.certificate
        self.collectorNonce = collectorNonce
    }
}
