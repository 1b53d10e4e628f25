import FoundationEssentials
import KioskControl
import Ledger
import Ratings

/// Why the simulated journal did not do what was asked; the cases of `JournalError` that matter here.
enum DiskFault: Error, Equatable {
    case damaged(String)
    case failed
    case full
    case notEnrolled
    /// `JournalError.key`: a key's file is missing, or another key was asked for.
    case key(String)
    case refused(ReceiptRefusal)
    case noSuchRecord
    /// The power went, or the process, in the middle of the work.
    case interrupted
}

/// The rules of `KioskJournal` over a simulated disk: durable before it is told, verified receipts, resending.
///
/// The judgement of a receipt and everything that is hashed or signed is the product's own code; that SQLite keeps these
/// rules on a real disk is what `KioskJournalTests` and the part `journal` of the torture show.
final class SimulatedJournal {
    unowned let box: Box
    let oracle: Oracle
    let subject: Subject
    let boot: Int
    private(set) var offered: [Int: Int64] = [:]
    private(set) var isPoisoned = false
    /// How many commits are still carried out; nothing while nobody pulls the plug.
    var commitsLeft: Int?
    private var signed: (head: ChainHead, note: String)?
    /// Wrong on purpose: a receipt key that no succession vouches for.
    var believed: PublicKey?

    var chains: [Card.Chain] { box.disk.written.store?.epochs ?? [] }

    var present: Card.Chain? { chains.last }
    var unsent: Int64 { chains.reduce(0) { $0 + (isUploadable($1) ? $1.unsent : 0) } }

    /// Opens the journal as `Journal.openOrQuarantine` does.
    init(box: Box, oracle: Oracle, subject: Subject, stamp: KioskTime) throws {
        self.box = box
        self.oracle = oracle
        self.subject = subject
        let card = box.disk.written
        let damage = Self.damage(card)
        let noted = card.note?.boot ?? 0
        boot = max(damage == nil ? card.store?.boot ?? 0 : 0, noted) + 1
        commitsLeft = box.world.cutsOpening()
        if let damage {
            try quarantine(damage, stamp)
        } else {
            let boot = boot
            try commit { card in
                if card.store == nil { card.store = Card.Store() }
                card.store?.boot = boot
            }
        }
        guard box.disk.written.key != nil else { throw DiskFault.key("the file of the present journal key is missing") }
        try saveSuccessions()
        try saveNote(closed: false)
        commitsLeft = nil
    }

    func close() throws { try saveNote(closed: true) }

    // MARK: Opening

    /// What the checks of an opening find.
    private static func damage(_ card: Card) -> String? {
        guard let store = card.store else { return card.note == nil ? nil : "the file is missing" }
        if store.isDamaged { return "a record is not the one that was signed" }
        guard let note = card.note else { return nil }
        guard let present = store.epochs.last, note.enrolment.identity.epoch <= present.number else {
            return "it lacks an epoch that was opened"
        }
        guard note.boot <= store.boot else { return "an older copy was put in its place" }
        guard note.enrolment.identity.epoch == present.number else { return nil }
        if let closed = note.closed, closed != present.head { return "it was closed with another record" }
        if let receipted = note.receipted {
            guard receipted.sequence <= present.head.sequence else { return "it ends before the last receipt" }
            guard receipted.sequence >= present.anchor.sequence else { return nil }
            guard present.head(at: receipted.sequence) == receipted else { return "the receipted record is another" }
        }
        return nil
    }

    private func quarantine(_ damage: String, _ stamp: KioskTime) throws {
        let card = box.disk.written
        box.tell("sets its journal aside: \(damage)")
        for chain in card.store?.epochs ?? [] { oracle.lose(chain.enrolment.genesis, damage) }
        let boot = boot
        guard let note = card.note else {
            return try commit { $0.store = Card.Store(boot: boot) }
        }
        oracle.lose(note.enrolment.genesis, damage)
        try commit { $0.store = Card.Store(boot: boot) }
        try openNextEpoch(after: note, damage, stamp)
    }

    /// As `Journal.openNextEpoch`: the key of the genesis stays, the changes of the key follow the loss at once.
    private func openNextEpoch(after note: Card.Note, _ damage: String, _ stamp: KioskTime) throws {
        var enrolment = note.enrolment
        enrolment.identity.epoch += 1
        enrolment.identity.receiptKey = note.receiptKey
        let loss = Loss(
            reason: damage, receiptedEpoch: note.receipted?.epoch, receiptedSequence: note.receipted?.sequence,
            receiptedHash: note.receipted?.hash.base64)
        oracle.open(enrolment, box: box.index)
        if box.isClone { oracle.fork([enrolment.genesis], "a clone opened it") }
        if oracle.isForked(note.enrolment.genesis) {
            // The collector may have closed the one before: then only an enrolment lets it in.
            oracle.fork([enrolment.genesis], "it follows one of two pasts")
        }
        let state = box.world.region.memory.state
        let before = state.epochs.last { $0.kiosk == box.kiosk && $0.epoch < enrolment.identity.epoch }
        if state.kiosks[box.kiosk]?.revoked != nil || before?.state == .revoked {
            // Keys that are not trusted open no epoch that is, also where the kiosk was enrolled again and has not heard.
            oracle.excuse(enrolment.genesis, Oracle.revoked)
        }
        let card = box.disk.written
        let changes = KeySuccession.path(
            .journal, of: box.kiosk.rawValue, from: enrolment.identity.journalKey, over: card.successions
        ).filter { $0.newKey.flatMap { card[$0] } != nil }
        let bodies = [.loss(loss)] + changes.map { RecordBody.key(KeyChange($0)) }
        try store(bodies, in: Card.Chain(enrolment), stamp)
    }

    // MARK: Records

    static func line(_ body: RecordBody, after head: ChainHead, _ stamp: KioskTime, boot: Int) throws -> Data {
        guard let kiosk = KioskID(rawValue: head.kiosk) else { preconditionFailure("a head names a kiosk") }
        let header = RecordHeader(
            kiosk: kiosk, epoch: head.epoch, sequence: head.sequence + 1, boot: boot,
            bootMilliseconds: stamp.bootMilliseconds, wall: stamp.wall, clock: stamp.clock,
            previous: head.hash.base64)
        return try Record(header: header, body: body).line()
    }

    func append(_ body: RecordBody, _ stamp: KioskTime) throws {
        try append([body], stamp)
    }

    /// One transaction for all of them.
    func append(_ bodies: [RecordBody], _ stamp: KioskTime) throws {
        try ready()
        guard let present else { throw DiskFault.notEnrolled }
        if box.diskTrouble == .full { throw DiskFault.full }
        try store(bodies, in: present, stamp)
    }

    /// Stores records at the end of a chain, which may be a new one, with what follows from those that change a key.
    func store(_ bodies: [RecordBody], in chain: Card.Chain, _ stamp: KioskTime) throws {
        let genesis = chain.enrolment.genesis
        let first = chain.head.sequence + 1
        var chain = chain
        var trusted: [KeySuccession] = []
        for body in bodies {
            let line = try Self.line(body, after: chain.head, stamp, boot: boot)
            oracle.make(line, in: genesis, at: chain.head.sequence + 1)
            chain.append(line)
            guard let succession = body.succession else { continue }
            if succession.role == .journal {
                try chain.keys.take(succession, at: chain.head.sequence)
            } else {
                trusted.append(succession)
            }
        }
        try commit { card in
            if card.store?.epochs.last?.number == chain.number { card.store?.epochs.removeLast() }
            card.store?.epochs.append(chain)
            card.store?.trusted += trusted
        }
        for sequence in first...chain.head.sequence {
            oracle.acknowledge(chain.line(at: sequence), in: genesis, at: sequence)
        }
        oracle.follow(trusted, in: genesis)
    }

    /// The newest lines of the present epoch.
    func newest(_ count: Int) -> [String] {
        (present?.lines.suffix(count) ?? []).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Sending

    func batch(epoch number: Int?, first: Int64?, maximumRecords: Int, maximumBytes: Int, now: KioskTime) throws
        -> Batch?
    {
        try ready()
        let index =
            first == nil && number == nil
            ? chains.lastIndex { isUploadable($0) && $0.unsent > 0 }
            : number.map { number in chains.firstIndex { $0.number == number } } ?? chains.indices.last
        guard let index else { return nil }
        let chain = chains[index]
        let first = first ?? chain.receipted + 1
        guard first <= chain.head.sequence else { return nil }
        guard first > chain.anchor.sequence else { throw DiskFault.noSuchRecord }
        if box.disk.written.store?.isDamaged == true {
            isPoisoned = true
            throw DiskFault.damaged("record \(first) does not follow the one before it")
        }
        var last = first
        var bytes = chain.line(at: first).count + 1
        while last < chain.head.sequence {
            bytes += chain.line(at: last + 1).count + 1
            let isNeeded = first == 1 && last < chain.opening
            guard isNeeded || bytes <= maximumBytes && Int(last - first) + 1 < max(1, maximumRecords) else { break }
            last += 1
        }
        offered[chain.number] = max(offered[chain.number] ?? 0, last)
        return Batch(
            kiosk: chain.enrolment.identity.kiosk, epoch: chain.number, first: first, last: last,
            lines: (first...last).map { String(decoding: chain.line(at: $0), as: UTF8.self) },
            checkpoint: try checkpoint(of: chain.head(at: last)), head: try checkpoint(of: chain.head),
            receipt: chain.receipt, now: now)
    }

    /// As `Journal.lastReceipted`.
    func lastReceipted(before number: Int?, now: KioskTime) throws -> Batch? {
        try ready()
        let bound = min(number ?? .max, present?.number ?? 0)
        let found = chains.last {
            $0.number < bound && isUploadable($0) && $0.unsent == 0 && $0.anchor.sequence < $0.head.sequence
        }
        guard let found else { return nil }
        return try batch(
            epoch: found.number, first: found.head.sequence, maximumRecords: 1, maximumBytes: 1, now: now)
    }

    func checkpoint(of head: ChainHead) throws -> String {
        if let signed, signed.head == head { return signed.note }
        guard let chain = chains.first(where: { $0.number == head.epoch }) else { throw DiskFault.notEnrolled }
        // Older keys sign too: a collector that has not seen a change yet knows no other.
        let publicKeys =
            [chain.keys.first]
            + chain.keys.changes.prefix { $0.sequence <= head.sequence }.compactMap(\.succession.newKey)
        let note = try Checkpoint(head: head, signedWith: publicKeys.compactMap { box.disk.written[$0] }).serialized
        signed = (head, note)
        return note
    }

    /// Takes a receipt by the product's own rules.
    func accept(receipt note: String) throws {
        try ready()
        guard !chains.isEmpty else { throw DiskFault.notEnrolled }
        let claim: ReceiptClaim
        do throws(ReceiptRefusal) {
            claim = try ReceiptClaim(of: note, for: chains.map(held))
            try claim.check(own: chains[claim.chain].head(at: claim.head.sequence))
        } catch {
            throw DiskFault.refused(error)
        }
        try take(note, for: claim.head, time: claim.time, chain: claim.chain)
    }

    /// What a kiosk does that believes a status: wrong on purpose.
    func believe(_ batch: Batch) throws {
        guard let index = chains.firstIndex(where: { $0.number == batch.epoch }),
            batch.last > chains[index].receipted
        else { return }
        try take(
            chains[index].receipt, for: chains[index].head(at: batch.last), time: box.world.now / 1000, chain: index)
    }

    private func take(_ note: String?, for head: ChainHead, time: Int64, chain index: Int) throws {
        let genesis = chains[index].enrolment.genesis
        let spacing = box.world.scenario.receiptSpacingSeconds
        try commit { $0.store?.epochs[index].take(note, for: head, time: time, spacing: spacing) }
        oracle.receipted(head, by: note, in: genesis, present: chains[chains.count - 1].enrolment.genesis)
        if index == chains.count - 1 { try saveNote(closed: false) }
    }

    private func held(_ chain: Card.Chain) -> HeldChain {
        HeldChain(
            head: chain.head, journalKey: chain.enrolment.identity.journalKey,
            collectorName: chain.enrolment.identity.collectorName, receiptKey: receiptKey(of: chain.enrolment),
            receipted: chain.receipted, offered: max(chain.receipted, offered[chain.number] ?? 0))
    }

    private func isUploadable(_ chain: Card.Chain) -> Bool {
        guard let present = present?.enrolment.identity else { return false }
        return chain.enrolment.identity.kiosk == present.kiosk
            && box.disk.written[chain.enrolment.identity.journalKey] != nil
    }

    // MARK: Enrolling

    /// False for an epoch that is not above every one held.
    func enrol(_ enrolment: Enrolment) throws -> Bool {
        try ready()
        guard enrolment.identity.journalKey == box.disk.written.key?.publicKey else {
            throw DiskFault.key("the enrolment is for another journal key")
        }
        guard enrolment.identity.epoch > (present?.number ?? 0) else { return false }
        oracle.open(enrolment, box: box.index)
        try commit { $0.store?.epochs.append(Card.Chain(enrolment)) }
        try saveSuccessions()
        try saveNote(closed: false)
        return true
    }

    // MARK: The disk

    func ready() throws {
        if isPoisoned { throw DiskFault.failed }
        if box.diskTrouble == .failing {
            // The call fails, and nobody knows what of it reached the disk.
            isPoisoned = true
            box.diskTrouble = .none
            box.tell("its disk fails")
            box.world.count(.disk)
            commitsLeft = Int(box.world.draw(2))
        }
    }

    func commit(_ change: (inout Card) -> Void) throws {
        if let left = commitsLeft {
            guard left > 0 else { throw isPoisoned ? DiskFault.failed : DiskFault.interrupted }
            commitsLeft = left - 1
        }
        change(&box.disk.written)
        if subject != .thanksBeforeDurable || box.world.draw(40) == 0 { box.disk.synchronise() }
        // Durable, but the caller hears of a failure.
        if isPoisoned { throw DiskFault.failed }
    }

    func saveNote(closed: Bool) throws {
        guard let present else { return }
        let boot = boot
        let receiptKey = receiptKey(of: present.enrolment)
        try commit { card in
            card.note = Card.Note(
                enrolment: present.enrolment, boot: boot,
                receipted: present.receipts.last?.head, receiptKey: receiptKey,
                closed: closed ? present.head : nil)
        }
    }
}
