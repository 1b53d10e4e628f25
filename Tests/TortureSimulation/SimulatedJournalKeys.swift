import FoundationEssentials
import KioskControl
import Ledger
import Ratings

// Changes of keys and compaction, step by step as `KioskJournal` does them: each `commit` is durable by itself.

extension SimulatedJournal {
    // MARK: Own keys

    /// As `Journal.changeKey`: the new key's file first, of no consequence yet; the record, which is the change; then the
    /// two files that an opening writes anew where they are behind.
    func changeKey(_ stamp: KioskTime) throws {
        try ready()
        guard let present, let old = box.disk.written.key else { throw DiskFault.notEnrolled }
        guard present.keys.changes.count < JournalKeys.maximumChanges else { throw DiskFault.key("changed too often") }
        if box.diskTrouble == .full { throw DiskFault.full }
        let new = try SigningKey(seed: Data(box.world.bytes(32)))
        let succession = try KeySuccession(
            .journal, of: box.kiosk.rawValue, generation: present.keys.generation + 1, from: old.publicKey, to: new,
            time: max(0, box.wall / 1000), signedBy: [old])
        if subject != .recordBeforeKey { try commit { $0.add(new) } }
        try store([.key(KeyChange(succession))], in: present, stamp)
        if subject == .recordBeforeKey { try commit { $0.add(new) } }
        try saveSuccessions()
        try saveNote(closed: false)
    }

    /// As `Journal.saveKeySuccessions`.
    func saveSuccessions() throws {
        let changes = present?.keys.changes.map(\.succession) ?? []
        guard box.disk.written.successions != changes else { return }
        try commit { $0.successions = changes }
    }

    var nextTransportGeneration: Int {
        let trusted = box.disk.written.store?.trusted ?? []
        return (trusted.filter { $0.role == .transport }.map(\.generation).max() ?? 1) + 1
    }

    /// As `Journal.vouch`.
    func vouch(for own: KeySuccession, _ stamp: KioskTime) throws -> KeySuccession {
        guard let present else { throw DiskFault.notEnrolled }
        guard own.generation >= nextTransportGeneration else { throw DiskFault.key("another generation comes next") }
        var succession = own
        for publicKey in [present.keys.first] + present.keys.changes.compactMap(\.succession.newKey) {
            if let key = box.disk.written[publicKey] { succession = try succession.signed(with: key) }
        }
        try append([.key(KeyChange(succession))], stamp)
        return succession
    }

    // MARK: The collector's keys

    func receiptKey(of enrolment: Enrolment) -> PublicKey {
        let identity = enrolment.identity
        if let believed { return believed }
        return KeySuccession.keys(
            .receipt, of: identity.collectorName, from: identity.receiptKey,
            over: box.disk.written.store?.trusted ?? []
        ).last ?? identity.receiptKey
    }

    /// As `Journal.follow`, for the receipt key. Gives the one that is believed then.
    func follow(_ notes: [String], _ stamp: KioskTime) throws -> PublicKey {
        try ready()
        guard let enrolment = present?.enrolment else { throw DiskFault.notEnrolled }
        let read = notes.compactMap { try? KeySuccession(parsing: $0) }
        let known = receiptKey(of: enrolment)
        if subject == .trustInAnyKey, let last = read.last?.newKey { believed = last }
        let path = KeySuccession.path(.receipt, of: enrolment.identity.collectorName, from: known, over: read)
        if !path.isEmpty {
            try append(path.map { .key(KeyChange($0)) }, stamp)
            try saveNote(closed: false)
        }
        return receiptKey(of: enrolment)
    }

    // MARK: Compaction

    /// One step of `Journal.compact`; how many records it deleted.
    func compact() throws -> Int {
        try ready()
        let scenario = box.world.scenario
        guard let kept = scenario.keptSeconds, let newest = chains.flatMap(\.receipts).map(\.time).max() else {
            return 0
        }
        for (index, chain) in chains.enumerated() {
            let old = chain.receipts.last { $0.time <= newest - kept }?.head.sequence ?? 0
            let limit = chain.anchor.sequence + scenario.recordsPerStep
            var last = min(old, chain.receipted, limit)
            if subject == .deletionOfWhatWasSent { last = min(max(old, offered[chain.number] ?? 0), limit) }
            guard last > chain.anchor.sequence else { continue }
            oracle.delete(chain.head(at: last), in: chain.enrolment.genesis, keptMilliseconds: kept * 1000)
            try commit { $0.store?.epochs[index].delete(to: last) }
            box.world.count(.compaction)
            return Int(last - chain.anchor.sequence)
        }
        return 0
    }
}

extension Card.Chain {
    /// The last record without which the collector does not take this epoch: its loss, with the changes of the key that
    /// follow it; 0 for an epoch that an enrolment opened.
    var opening: Int64 {
        var last: Int64 = 1
        while keys.changes.contains(where: { $0.sequence == last + 1 }) { last += 1 }
        return last > 1 ? last : 0
    }
}

extension KeyChange {
    init(_ succession: KeySuccession) {
        self.init(
            purpose: Purpose(rawValue: succession.role.rawValue) ?? .journal, old: succession.old.base64EncodedString(),
            new: succession.new.base64EncodedString(), signatureByOld: "", signatureByNew: "",
            note: succession.serialized)
    }
}

extension RecordBody {
    /// Of a record that changes a key.
    var succession: KeySuccession? {
        guard case .key(let change) = self, let note = change.note else { return nil }
        return try? KeySuccession(parsing: note)
    }
}
