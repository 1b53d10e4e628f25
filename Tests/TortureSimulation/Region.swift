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
    let collector: Collector
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
        collector = Collector(
            identity: CollectorIdentity(
                name: "collector.region", key: try SigningKey(seed: Data(world.bytes(32))), authority: nil),
            store: faulty, random: { count in mint.bytes(count) })
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
                let permit = try await collector.authorizeHeartbeat(parcel.request.head, kiosk: kiosk)
                let answer = try await collector.heartbeat(permit, body: parcel.request.body, now: world.now)
                return Answered(status: 200, body: try JSONEncoder().encode(answer))
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
            parcel.request.head, kiosk: kiosk, epoch: epoch, first: first, last: last)
        let before = memory.state
        var answer: UploadAnswer
        do {
            answer = try await collector.upload(permit, body: parcel.request.body, now: world.now, inflate: { $0 })
        } catch let refusal as Refusal {
            guard world.subject == .overwritingFork, refusal.error == .fork,
                let row = before.epochs.first(where: { $0.kiosk == kiosk && $0.epoch == epoch })
            else { throw refusal }
            memory.state.overwrite(chain: row.chain, from: first)
            answer = try await collector.upload(permit, body: parcel.request.body, now: world.now, inflate: { $0 })
        }
        world.tell("the collector takes \(parcel.kind)")
        judge(answer, kiosk, epoch, before: before, parcel)
        return Answered(status: 200, body: try JSONEncoder().encode(answer))
    }

    /// What a receipt says must be so: nothing that was there has changed, and what was sent is there.
    private func judge(
        _ answer: UploadAnswer, _ kiosk: KioskID, _ epoch: Int, before: MemoryState, _ parcel: Parcel
    ) {
        let state = memory.state
        guard let row = state.epochs.first(where: { $0.kiosk == kiosk && $0.epoch == epoch }),
            let checkpoint = try? Checkpoint(
                parsing: answer.receipt, kiosk: kiosk.rawValue, key: row.journalKey)
        else { return world.oracle.violate("a receipt for \(parcel.kind) that is none") }
        world.oracle.issue(checkpoint.head, kiosk: kiosk, nonce: row.collectorNonce)
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
        let state = memory.state
        world.oracle.hear(state.events.dropFirst(heard))
        heard = state.events.count
        guard world.subject != .receiptBeforeCommit || world.now - synchronised > 20_000 else { return }
        durable = state
        synchronised = world.now
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
        world.plan(after: 1_000 + world.draw(60_000)) { [unowned self] in isUp = true }
    }

    func backUp() {
        backups.append((memory.state, world.now))
        if backups.count > 12 { backups.removeFirst() }
    }

    /// Puts one of the backups back that know what staff has done since.
    func restore() {
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
