import FoundationEssentials
import Ledger
import Ratings

/// When a collector makes a list of heads. Pure: what was made last and the time come in.
public enum HeadsPolicy {
    private static let dayMilliseconds: Int64 = 86_400_000

    /// Whether a list is due at `now`: on each day that is not the last list's. A clock that stood wrong for a while
    /// costs a list more, never a list less.
    public static func isDue(last: HeadsRow?, now: Int64) -> Bool {
        guard let last else { return true }
        return day(last.made) != day(now)
    }

    /// The UTC day of a time in milliseconds since 1970, counted from 1970.
    static func day(_ now: Int64) -> Int64 { now >= 0 ? now / dayMilliseconds : -1 }
}

extension Collector {
    /// Makes the next list of heads of everything that is stored, signs it and keeps it. `day` is the UTC day of `now`,
    /// written `2026-11-22`. Throws `StoreError`; also if the last list in the store is not one of ours any more.
    @discardableResult
    public func makeHeads(day: String, now: Int64) async throws -> SignedHeads {
        let (last, list) = try await store.read { snapshot in
            let row = try snapshot.lastHeads()
            let last = try row.map { try self.own($0) }
            return (row, try self.list(after: last, day: day, now: now, of: snapshot))
        }
        let signed = try SignedHeads(list, signedWith: identity.key)
        let row = HeadsRow(number: list.number, day: day, made: now, note: signed.serialized)
        try await store.write { transaction in
            guard try transaction.lastHeads()?.number == last?.number else { return }
            try transaction.put(row)
        }
        return signed
    }

    /// A list of the store, believed only if this collector signed it.
    func own(_ row: HeadsRow) throws -> HeadsList {
        guard let signed = try? SignedHeads(parsing: row.note), signed.list.number == row.number,
            signed.list.collector == identity.name, receiptKeys.trusts(signed.list.key)
        else {
            throw StoreError(
                code: "SQLITE_CORRUPT",
                message: "list \(row.number) of heads in the store was not signed by this collector: somebody changed "
                    + "it; run `otsenka-collector verify` with the published list, and restore a backup")
        }
        return signed.list
    }

    private func list(after last: HeadsList?, day: String, now: Int64, of snapshot: any StoreSnapshot) throws
        -> HeadsList
    {
        var list = HeadsList(
            collector: identity.name, number: (last?.number ?? 0) + 1, day: day, time: now / 1000,
            key: identity.key.publicKey, previous: last?.hash ?? HeadsList.beginning(of: identity.name),
            events: last?.events ?? 0, eventTrail: last?.eventTrail ?? Evidence.noEvents,
            offices: try snapshot.offices().sorted { $0.id < $1.id },
            services: try snapshot.services().sorted { $0.id < $1.id }, heads: [])
        try snapshot.forEachEvent(after: list.events) { event in
            list.eventTrail = Evidence.trail(list.eventTrail, over: event)
            list.events += 1
        }
        var rest = last?.heads[...] ?? []
        for epoch in try snapshot.epochs().sorted(by: { $0.name < $1.name }) {
            while let gone = rest.first, gone.name < epoch.name {
                list.heads.append(rest.removeFirst())
            }
            let old = rest.first?.name == epoch.name ? rest.removeFirst() : nil
            list.heads.append(try self.head(of: epoch, after: old, in: snapshot))
        }
        list.heads += rest
        return list
    }

    /// What is to be said of an epoch. What was published stays published: of a store that was restored from a backup
    /// the list goes on to name what the collector still has to get back.
    private func head(of epoch: EpochRow, after old: ListedHead?, in snapshot: any StoreSnapshot) throws -> ListedHead {
        if let old, old.sequence > epoch.head.sequence { return old }
        let register = Evidence.register(epoch)
        var head = ListedHead(
            kiosk: epoch.kiosk, epoch: epoch.epoch, sequence: epoch.head.sequence, hash: epoch.head.hash,
            state: epoch.state, claimed: max(epoch.claim?.sequence ?? 0, epoch.head.sequence), register: register,
            trail: old?.trail ?? register, branches: old?.branches ?? 0,
            branchTrail: old?.branchTrail ?? Evidence.noBranches)
        try snapshot.forEachArrival(of: epoch.chain, after: old?.sequence ?? 0) { arrival in
            head.trail = Evidence.trail(head.trail, over: arrival)
        }
        if epoch.branches > head.branches {
            for branch in try snapshot.branches(of: epoch.chain).dropFirst(head.branches) {
                head.branchTrail = Evidence.trail(head.branchTrail, over: branch)
                head.branches += 1
            }
        }
        return head
    }

    /// The lists that are kept, oldest first, without their texts.
    public func headsIndex() async throws -> [HeadsRow] { try await store.read { try $0.headsIndex() } }

    /// The newest list, of all or of one day.
    public func heads(day: String? = nil) async throws -> HeadsRow? {
        try await store.read { snapshot in
            guard let day else { return try snapshot.lastHeads() }
            guard let number = try snapshot.headsIndex().last(where: { $0.day == day })?.number else { return nil }
            return try snapshot.heads(number)
        }
    }

    public func heads(number: Int64) async throws -> HeadsRow? { try await store.read { try $0.heads(number) } }

    /// Keeps the cosignature of a witness under a list. Throws `NoteError` if it is none, `StoreError` for the store.
    public func keepCosignature(in note: String, of witness: String, key: PublicKey) async throws {
        let cosigned = try SignedHeads(parsing: note)
        try await store.write { transaction in
            guard var row = try transaction.heads(cosigned.list.number) else { throw NoteError.notACheckpoint }
            var signed = try SignedHeads(parsing: row.note)
            try signed.adopt(from: cosigned, witness: witness, key: key)
            row.note = signed.serialized
            try transaction.put(row)
        }
    }

    /// Whose lists and receipts are this collector's.
    var receiptKeys: ReceiptKeys { ReceiptKeys(identity.receiptKeys) }
}

extension EpochRow {
    var name: ChainName { ChainName(kiosk: kiosk, epoch: epoch) }
}
