import Collecting
import CollectorMemory
import FoundationEssentials
import Ledger
import Ratings
import Wire

/// The collector of the simulation: the product's policy over a store in memory, with crashes, backups and restores.
final class Region {
    private unowned let world: World
    let memory = MemoryCollectorStore()
    private(set) var collector: Collector
    /// What lies in the collector's folder: what the next start speaks with.
    private(set) var folder: CollectorIdentity
    /// Receipt keys that were changed, the oldest first: somebody may have stolen them.
    private(set) var changed: [SigningKey] = []
    private let faulty: FaultyStore
    /// What a crash leaves. The same as `memory.state` after every answer, unless the subject is wrong.
    private var durable = MemoryState()
    private var synchronised: Int64 = 0
    private(set) var isUp = true
    /// The next request is carried out, and then the program dies before it answers.
    var crashesAfterCommit = false
    var failsNextWrite: Bool {
        get { faulty.failsNext }
        set { faulty.failsNext = newValue }
    }
    var busyUntil: Int64 = 0
    private(set) var backups: [(state: MemoryState, time: Int64)] = []
    private var heard = 0
    /// Since when no epoch was opened and no state was set by staff: older backups lack what staff knows.
    var staffActed: Int64 = 0

    init(world: World) throws {
        self.world = world
        faulty = FaultyStore(memory)
        let mint = world.mint
        folder = CollectorIdentity(
            name: "collector.region", key: try SigningKey(seed: Data(world.bytes(32))), authority: nil)
        collector = Collector(identity: folder, store: faulty, random: { count in mint.bytes(count) })
        world.oracle.speak(with: folder.key.publicKey)
    }

    /// Nothing when nobody answers.
    func take(_ parcel: Parcel) async -> Answered? {
        guard isUp else { return nil }
        if world.now < busyUntil {
            world.count(.region)
            return World.answer(Refusal(error: .tooMany, message: "busy"), retryAfter: 60 + Int64(world.draw(540)))
        }
        let answer = await answer(parcel)
        settle()
        if crashesAfterCommit {
            crashesAfterCommit = false
            world.tell("the collector dies before it answers")
            crash()
            return nil
        }
        return answer
    }

    private func answer(_ parcel: Parcel) async -> Answered {
        do {
            switch parcel.kind {
            case .upload(let kiosk, let epoch, let first, let last):
                return try await upload(parcel, kiosk, epoch, first, last)
            case .heartbeat(let kiosk):
                let permit = try await collector.authorizeHeartbeat(parcel.head, kiosk: kiosk)
                let answer = try await collector.heartbeat(permit, body: parcel.body, now: world.now)
                world.oracle.heard(RequestSignature.keyID(of: parcel.head), kiosk)
                return Answered(status: 200, body: try JSONEncoder().encode(answer))
            case .keys: return Answered(status: 200, body: try JSONEncoder().encode(collector.publishedKeys))
            }
        } catch let refusal as Refusal {
            world.tell("the collector refuses \(parcel.kind): \(refusal.error.rawValue)")
            return World.answer(refusal)
        } catch {
            world.tell("the collector fails on \(parcel.kind)")
            return World.answer(Refusal(error: .unavailable, message: "\(error)"), retryAfter: 30)
        }
    }

    private func upload(
        _ parcel: Parcel, _ kiosk: KioskID, _ epoch: Int, _ first: Int64, _ last: Int64
    ) async throws -> Answered {
        let permit = try await collector.authorizeUpload(
            parcel.head, kiosk: kiosk, epoch: epoch, first: first, last: last)
        let before = memory.state
        var answer: UploadAnswer
        do {
            answer = try await collector.upload(permit, body: parcel.body, now: world.now, inflate: { $0 })
        } catch let refusal as Refusal {
            guard world.subject == .overwritingFork, refusal.error == .fork,
                let row = before.epochs.first(where: { $0.kiosk == kiosk && $0.epoch == epoch })
            else { throw refusal }
            memory.state.overwrite(chain: row.chain, from: first)
            answer = try await collector.upload(permit, body: parcel.body, now: world.now, inflate: { $0 })
        }
        world.tell("the collector takes \(parcel.kind)")
        world.oracle.heard(RequestSignature.keyID(of: parcel.head), kiosk)
        judge(answer, kiosk, epoch, before: before, parcel)
        return Answered(status: 200, body: try JSONEncoder().encode(answer))
    }

    /// What a receipt says must be so: nothing that was there has changed, and what was sent is there.
    private func judge(
        _ answer: UploadAnswer, _ kiosk: KioskID, _ epoch: Int, before: MemoryState, _ parcel: Parcel
    ) {
        let state = memory.state
        guard let row = state.epochs.first(where: { $0.kiosk == kiosk && $0.epoch == epoch }),
            let checkpoint = try? Checkpoint(parsing: answer.receipt, keys: row.keys),
            (try? checkpoint.receiptTime(of: folder.name, key: folder.key.publicKey)) != nil
        else { return world.oracle.violate("a receipt for \(parcel.kind) that is none") }
        world.oracle.issue(answer.receipt, for: checkpoint.head, in: row.genesis, kiosk: kiosk)
        if !holds(checkpoint.head, kiosk, row.collectorNonce, in: state) {
            world.oracle.violate("a receipt for \(parcel.kind) whose last record is not the one stored")
        }
        guard let old = before.epochs.first(where: { $0.chain == row.chain })?.head, old.sequence > 0 else { return }
        if state.chains[row.chain]?.lines[old.sequence].map({ ChainHash(of: $0) }) != old.hash {
            world.oracle.violate("\(parcel.kind) took the place of what was stored")
        }
    }

    private func holds(_ head: ChainHead, _ kiosk: KioskID, _ nonce: String, in state: MemoryState) -> Bool {
        let chain = state.epochs.first { $0.kiosk == kiosk && $0.epoch == head.epoch && $0.collectorNonce == nonce }?
            .chain
        return chain.flatMap { state.chains[$0]?.lines[head.sequence] }.map { ChainHash(of: $0) } == head.hash
    }

    /// After each request: what is durable, and what people would be told.
    func settle() {
        forget()
        let state = memory.state
        world.oracle.hear(state.events.dropFirst(heard))
        heard = state.events.count
        guard world.subject != .receiptBeforeCommit || world.now - synchronised > 20_000 else { return }
        durable = state
        synchronised = world.now
    }

    /// Wrong on purpose.
    private func forget() {
        switch world.subject {
        case .forgottenJournalKey: memory.state.forgetOldJournalKeys()
        case .everyTransportKey: memory.state.forgetChangesOfTransportKeys()
        default: break
        }
    }

    // MARK: Keys

    /// `otsenka-collector key rotate receipt`, as `DataFolder.changingReceiptKey`: the new key's file, then `successions`,
    /// which is the change; then the program that runs speaks with it and puts it on record.
    func rotateReceiptKey() async {
        guard isUp, let new = try? SigningKey(seed: Data(world.bytes(32))) else { return }
        let step = world.draw(10)
        guard step > 0 else { return crash() }
        let old = folder
        let generation = (old.successions.last { $0.role == .receipt }?.generation ?? 1) + 1
        guard
            let succession = try? KeySuccession(
                .receipt, of: old.name, generation: generation, from: old.key.publicKey, to: new,
                time: world.now / 1000, signedBy: [old.key])
        else { return }
        changed.append(old.key)
        folder.key = new
        folder.successions.append(succession)
        // Kiosks that follow would not believe a collector from before.
        staffActed = world.now
        world.oracle.speak(with: new.publicKey)
        world.count(.receiptKey)
        world.tell("the collector changes its receipt key")
        guard step > 1 else { return crash() }
        // Where the store fails, the key counts all the same.
        try? await collector.take(folder, because: "the receipt key was changed", now: world.now)
        settle()
    }

    /// The newest record that is stored of a chain; 0 for one that is not known.
    func head(of genesis: Genesis) -> Int64 {
        memory.state.epochs.first { $0.genesis == genesis }?.head.sequence ?? 0
    }

    // MARK: Faults

    func crash() {
        guard isUp else { return }
        isUp = false
        memory.state = durable
        heard = durable.events.count
        world.count(.region)
        for receipt in world.oracle.issued where !holds(receipt.head, receipt.kiosk, receipt.nonce, in: durable) {
            world.oracle.violate(
                "record \(receipt.head.sequence) of \(receipt.kiosk), epoch \(receipt.head.epoch), was receipted and is "
                    + "gone after a crash")
        }
        world.plan(after: 1_000 + world.draw(60_000)) { [unowned self] in
            let mint = world.mint
            collector = Collector(identity: folder, store: faulty, random: { count in mint.bytes(count) })
            isUp = true
        }
    }

    func backUp() {
        backups.append((memory.state, world.now))
        if backups.count > 12 { backups.removeFirst() }
    }

    /// Puts one of the backups back that know what staff has done since. Not where kiosks delete after minutes what they
    /// keep for 90 days in truth: they could not bring it back in time.
    func restore() {
        guard world.scenario.keptSeconds == nil else { return }
        let usable = backups.filter { $0.time >= staffActed }
        guard isUp, let backup = usable.isEmpty ? nil : usable[Int(world.draw(UInt64(usable.count)))] else { return }
        world.tell("the collector is restored from \((world.now - backup.time) / 1000) s ago")
        memory.state = backup.state
        durable = backup.state
        heard = backup.state.events.count
        backups.removeAll { $0.time > backup.time }
        world.oracle.restored()
        world.count(.restore)
    }
}

/// A store whose next transaction may fail, as on a full disk.
private final class FaultyStore: CollectorStore, @unchecked Sendable {
    // Unchecked: a simulation is one task.
    private let memory: MemoryCollectorStore
    var failsNext = false

    init(_ memory: MemoryCollectorStore) { self.memory = memory }

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreTransaction) throws -> Value
    ) async throws -> Value {
        if failsNext {
            failsNext = false
            throw StoreError(code: "SQLITE_FULL", message: "the disk of the simulation is full; nothing was done")
        }
        return try await memory.write(work)
    }

    func read<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreSnapshot) throws -> Value
    ) async throws -> Value { try await memory.read(work) }
}
