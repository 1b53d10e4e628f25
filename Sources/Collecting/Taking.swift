import FoundationEssentials
import Ledger
import Ratings
import Wire

// What one upload does inside its transaction.

/// What became of a batch.
enum UploadOutcome: Sendable {
    /// Everything of it is stored; so many records were new.
    case taken(new: Int64)
    case refused(Refusal)
}

extension Collector {
    /// Decides over the batch and carries the decision out. The refusal is returned, not thrown: what a refusal leaves
    /// behind (a closed epoch, a branch, an event) has to be committed.
    func take(
        _ batch: CheckedBatch, permit: UploadPermit, now: Int64, in transaction: any StoreTransaction
    ) throws -> UploadOutcome {
        if let succession = permit.succession { try transaction.insert(succession, of: permit.kiosk, received: now) }
        var row: EpochRow
        switch try epoch(of: batch, permit: permit, now: now, in: transaction) {
        case .success(let found): row = found
        case .failure(let refusal): return .refused(refusal)
        }
        guard row.journalKey == permit.keys.journalKey, row.epoch != permit.keys.epoch || row.keys == permit.keys.keys
        else {
            return .refused(
                Refusal(error: .unavailable, message: "the kiosk was enrolled again meanwhile; send the batch again"))
        }
        let outline = try self.outline(batch, head: row.head)
        let facts = ChainFacts(
            state: row.state, head: row.head, claim: row.claim,
            shared: try sharedHash(outline, row: row, in: transaction),
            atSignedHead: try stored(at: batch.head.head, row, in: transaction))
        let verdict = facts.verdict(on: batch.head.head, at: batch.moment)
        let decision = facts.decide(outline, receipted: batch.receipt?.head.sequence ?? 0)
        let refusal = try carryOut(decision, batch, &row, now: now, in: transaction)
        if decision != .fork, decision != .revoked {
            try note(batch.head, batch.receipt, verdict, at: batch.moment, &row, now: now, in: transaction)
        }
        try save(&row, in: transaction)
        if let refusal { return .refused(refusal) }
        guard case .store(let from) = decision else { return .taken(new: 0) }
        return .taken(new: batch.last - from + 1)
    }

    private func carryOut(
        _ decision: UploadDecision, _ batch: CheckedBatch, _ row: inout EpochRow, now: Int64,
        in transaction: any StoreTransaction
    ) throws -> Refusal? {
        switch decision {
        case .store(let from):
            try insert(batch, from: from, &row, now: now, in: transaction)
            return nil
        case .repeated: return nil
        case .gap(let need):
            return Refusal(
                error: .gap, message: "records before \(batch.first) are missing here; send from record \(need)",
                need: need)
        case .rewindCollector(let need):
            return Self.lost(need: need)
        case .rewindKiosk:
            return try close(&row, batch.head.head, now: now, in: transaction)
        case .fork:
            let fork = try firstDifference(batch, row: row, in: transaction)
            let message =
                "record \(fork) of kiosk \(row.kiosk), epoch \(row.epoch), differs from the one stored here: "
                + "two journals speak with one key (a cloned or restored card); both are kept; enrol the kiosk again"
            if try keep(batch, because: .fork, &row, now: now, in: transaction) {
                try event(.fork, message, row, now: now, in: transaction)
            }
            return Refusal(error: .fork, message: message)
        case .epochClosed:
            return Self.closed(row)
        case .revoked:
            _ = try keep(batch, because: .revoked, &row, now: now, in: transaction)
            return Self.revoked(row.kiosk)
        }
    }

    /// Closes the epoch of a kiosk that has gone back, and says so.
    func close(
        _ row: inout EpochRow, _ head: ChainHead, now: Int64, in transaction: any StoreTransaction
    ) throws -> Refusal {
        row.state = .closed
        let message =
            "the newest record of kiosk \(row.kiosk), epoch \(row.epoch), is \(head.sequence), but "
            + "\(row.head.sequence) records are stored here: its card was set back; the epoch is closed; enrol the "
            + "kiosk again with a code of `otsenka-collector kiosk replace \(row.kiosk)`"
        try event(.rewindKiosk, message, row, now: now, in: transaction)
        return Refusal(error: .rewindKiosk, message: message)
    }

    private func insert(
        _ batch: CheckedBatch, from: Int64, _ row: inout EpochRow, now: Int64, in transaction: any StoreTransaction
    ) throws {
        let start = Int(from - batch.first)
        let items = batch.items[start...]
        let chain = row.chain
        let clocks = try BootClocks(
            of: items.compactMap(\.moment), now: batch.moment.isCarried ? nil : batch.moment.clock, received: now,
            floor: row.floor,
            contact: { try transaction.contact(chain, boot: $0) })
        let ceiling = RatingCeiling { skip, count in
            // Each rating is a record of its own.
            from <= Int64(skip) ? [] : try transaction.ratingTimes(chain, before: from, skip: skip, count: count)
        }
        var deriving = Deriving(place: row.place, clocks: clocks, received: now, keys: row.keys, ceiling: ceiling) {
            try transaction.session(chain, $0)
        }
        for item in items { try deriving.add(item) }
        var arrival = ArrivalRow(
            chain: chain, first: from, last: batch.last, received: now, clocks: clocks,
            checkpoint: batch.checkpoint.serialized, seal: "")
        arrival.seal = try Seal.sign(Seal.text(of: arrival), with: identity.key)
        try transaction.insert(arrival, lines: batch.lines[start...], derived: deriving.derived)
        try contradictions(of: batch, from: from, row, now: now, in: transaction)
        if deriving.crossesCeiling {
            let message =
                "kiosk \(row.kiosk), epoch \(row.epoch), gave more than \(RatingCeiling.ratings) ratings within a day; "
                + "those beyond are stored and flagged \(RatingCeiling.flag)"
            try event(.overCeiling, message, row, now: now, in: transaction)
        }
        row.head = batch.checkpoint.head
        row.keys = deriving.keys
        row.received = now
        if let last = items.compactMap(\.moment).last { row.floor = clocks.floor(last, received: now) ?? row.floor }
    }

    /// The kiosk had signed another record than the one that it now sent.
    private func contradictions(
        of batch: CheckedBatch, from: Int64, _ row: EpochRow, now: Int64, in transaction: any StoreTransaction
    ) throws {
        guard let claim = row.claim, (from...batch.last).contains(claim.sequence),
            let signed = try? Checkpoint(parsing: claim.note, keys: row.keys),
            signed.head.hash != batch.hash(of: claim.sequence)
        else { return }
        let message =
            "kiosk \(row.kiosk), epoch \(row.epoch), had signed another record \(claim.sequence) "
            + "(\(signed.head.hash)) than the one it sent (\(batch.hash(of: claim.sequence))): a part of its "
            + "journal that was not yet sent was replaced"
        try event(.contradiction, message, row, now: now, in: transaction)
    }

    private func outline(_ batch: CheckedBatch, head: ChainHead) throws -> BatchOutline {
        let shares = batch.first <= head.sequence
        return BatchOutline(
            first: batch.first, last: batch.last, previous: batch.previous,
            sharedHash: shares ? batch.hash(of: min(batch.last, head.sequence)) : nil, head: batch.head.head,
            moment: batch.moment)
    }

    /// Equal hashes at the last shared record mean that everything before it is equal too: that is what a chain is for.
    private func sharedHash(
        _ outline: BatchOutline, row: EpochRow, in transaction: any StoreTransaction
    ) throws -> ChainHash? {
        guard outline.first <= row.head.sequence else { return nil }
        if outline.last >= row.head.sequence { return row.head.hash }
        return try transaction.line(row.chain, outline.last).map { ChainHash(of: $0) }
    }

    /// The stored hash of the record that a signed head names, where it is below H.
    func stored(at signed: ChainHead, _ row: EpochRow, in transaction: any StoreTransaction) throws -> ChainHash? {
        guard signed.sequence < row.head.sequence else { return nil }
        if signed.sequence == 0 { return row.genesis.hash }
        return try transaction.line(row.chain, signed.sequence).map { ChainHash(of: $0) }
    }

    private func firstDifference(
        _ batch: CheckedBatch, row: EpochRow, in transaction: any StoreTransaction
    ) throws -> Int64 {
        for sequence in batch.first...batch.last {
            guard sequence <= row.head.sequence, let line = try transaction.line(row.chain, sequence) else {
                return min(sequence, batch.head.head.sequence)
            }
            if line != batch.lines[Int(sequence - batch.first)] { return sequence }
        }
        return row.head.sequence
    }
}
