import Delivery
import FoundationEssentials
import KioskControl
import Ledger
import SeededRandom
import Wire

/// `otsenka-kiosk uplink` without sockets: the product's `Delivery` and requests, over the simulated network.
final class UplinkRun {
    private unowned let box: Box
    private let world: World
    private var delivery: Delivery
    private var random: SplitMix
    private var identity: KioskIdentity?
    private var key: SigningKey?
    private var batch: Batch?
    /// Grows with every question, so that an answer that comes too late means nothing.
    private var step = 0
    private var event = DeliveryEvent.started
    /// By the oracle's own count: nothing may be sent before this time.
    private var quietUntil: Int64 = 0

    init(box: Box) {
        self.box = box
        world = box.world
        delivery = Delivery(limits: world.deliveryLimits)
        random = SplitMix(world.seed())
    }

    private var isAlive: Bool { box.uplink === self }

    func begin() { turn(.started) }

    /// The loop of `UplinkProgram.deliver`: get ready, decide, do.
    private func turn(_ event: DeliveryEvent) {
        guard isAlive else { return }
        self.event = event
        step += 1
        guard let run = box.run, isReady(run) else { return later(2_000, event) }
        let actions = delivery.handle(event, now: world.now, random: &random)
        for case .report(let verdict) in actions {
            box.tell("hears \(verdict.rawValue)")
            box.verdicts.insert(verdict.rawValue)
        }
        perform(actions.last, run)
    }

    private func later(_ milliseconds: Int64, _ event: DeliveryEvent) {
        let step = step
        world.plan(after: milliseconds) { [weak self] in
            guard let self, self.step == step else { return }
            turn(event)
        }
    }

    private func isReady(_ run: RunProgram) -> Bool {
        if identity != nil { return true }
        guard let enrolment = run.journal.present?.enrolment, let key = box.disk.written.transportKey else {
            return false
        }
        (identity, self.key) = (enrolment.identity, key)
        return true
    }

    private func enrolledAnew() {
        (identity, key, batch) = (nil, nil, nil)
        later(2_000, .enrolledAnew)
    }

    /// `run` has ended: whatever was asked of it comes to nothing.
    func runWentAway() {
        identity = nil
        guard isAsking else { return }
        isAsking = false
        step += 1
        later(100, .runFailed)
    }

    private var isAsking = false

    private func perform(_ action: DeliveryAction?, _ run: RunProgram) {
        switch action {
        case .rest(let milliseconds, let records): rest(milliseconds, records, run)
        case .fetch(let position, let records, let bytes): fetch(position, records, bytes, run)
        case .upload: upload()
        case .sendHeartbeat: heartbeat(run)
        case .report, nil: preconditionFailure("the last action is a command")
        }
    }

    private func rest(_ milliseconds: Int64, _ records: Int?, _ run: RunProgram) {
        isAsking = true
        let step = step
        func over() {
            guard self.step == step, isAlive else { return }
            isAsking = false
            box.run?.backlogChanged = nil
            turn(.rested(pending: box.run?.unsent ?? 0))
        }
        if let records {
            guard run.unsent < records else { return world.plan(after: 1) { over() } }
            run.backlogChanged = { [unowned run] in
                if run.unsent >= records { over() }
            }
        }
        world.plan(after: min(milliseconds, 300_000)) { over() }
    }

    /// Asks `run`, as over its socket.
    private func ask(
        _ run: RunProgram, _ body: @escaping (SimulatedJournal) throws -> () -> Void,
        refused: @escaping (DiskFault) -> Void
    ) {
        isAsking = true
        let step = step
        func still(_ then: @escaping () -> Void) -> () -> Void {
            { [weak self] in
                guard let self, self.step == step, isAlive else { return }
                isAsking = false
                then()
            }
        }
        run.enqueue { journal in
            still(try body(journal))
        } failed: { fault in
            still { refused(fault) }()
        }
    }

    private func fetch(_ from: Position?, _ records: Int, _ bytes: Int, _ run: RunProgram) {
        ask(run) { [self] journal in
            let batch = try journal.batch(
                epoch: from?.epoch, first: from?.sequence, maximumRecords: records, maximumBytes: bytes,
                now: box.time(boot: journal.boot))
            return { [self] in
                guard let batch else { return turn(.fetched(nil)) }
                guard let identity, batch.kiosk == identity.kiosk, batch.epoch <= identity.epoch else {
                    return enrolledAnew()
                }
                self.batch = batch
                turn(.fetched(batch.extent))
            }
        } refused: { [self] fault in
            if fault == .notEnrolled { enrolledAnew() } else { turn(.runFailed) }
        }
    }

    private func upload() {
        guard let batch, let key, let request = signed({ try .upload(batch, key: key, created: $0) { _ in nil } })
        else {
            return turn(.runFailed)
        }
        self.batch = nil
        send(request, .upload(batch.kiosk, epoch: batch.epoch, first: batch.first, last: batch.last)) { [self] reply in
            switch reply {
            case .none(let answer): turn(.uploaded(answer))
            case .answer(let answer):
                switch UploadReply(status: answer.status, body: answer.body, retryAfterSeconds: answer.retryAfter) {
                case .answer(let meaning): turn(.uploaded(heard(meaning)))
                case .receipt(let note): judge(note, of: batch)
                }
            }
        }
    }

    private func signed(_ make: (Int64) throws -> CollectorRequest) -> CollectorRequest? {
        try? make(box.wall >= 0 ? box.wall / 1000 : 0)
    }

    /// As `UplinkProgram.judge`.
    private func judge(_ note: String, of batch: Batch) {
        guard batch.isNews else {
            let isOurs = identity.map { batch.isReceipted(by: note, identity: $0) } ?? false
            return turn(.uploaded(isOurs ? .accepted : .worthless))
        }
        guard let run = box.run else { return turn(.runFailed) }
        if world.subject == .acceptanceByStatus {
            return ask(run) { journal in
                try journal.believe(batch)
                return { [self] in turn(.uploaded(.accepted)) }
            } refused: { [self] _ in
                turn(.runFailed)
            }
        }
        ask(run) { journal in
            try journal.accept(receipt: note)
            return { [self] in
                run.backlogChanged?()
                turn(.uploaded(.accepted))
            }
        } refused: { [self] fault in
            guard case .refused(let refusal) = fault else { return turn(.runFailed) }
            box.tell("refuses a receipt: \(refusal)")
            turn(.uploaded(.worthless))
        }
    }

    private func heartbeat(_ run: RunProgram) {
        ask(run) { [self] journal in
            guard let present = journal.present else { throw DiskFault.notEnrolled }
            let vitals = Vitals(
                kiosk: present.enrolment.identity.kiosk, epoch: present.number,
                head: try journal.checkpoint(of: present.head), receipt: present.receipt,
                now: box.time(boot: journal.boot), unsent: Int(journal.unsent), marks: [], program: "simulation")
            return { [self] in send(vitals) }
        } refused: { [self] fault in
            if fault == .notEnrolled { enrolledAnew() } else { turn(.runFailed) }
        }
    }

    private func send(_ vitals: Vitals) {
        guard let identity, vitals.kiosk == identity.kiosk, vitals.epoch <= identity.epoch else {
            return enrolledAnew()
        }
        let nonce = Data(world.bytes(16)).base64EncodedString()
        guard let key, let request = signed({ try .heartbeat(vitals, nonce: nonce, key: key, created: $0) }) else {
            return turn(.runFailed)
        }
        send(request, .heartbeat(vitals.kiosk)) { [self] reply in
            switch reply {
            case .none(let answer): turn(.heartbeat(answer, epoch: vitals.epoch))
            case .answer(let answer):
                let time = (try? JSONDecoder().decode(HeartbeatAnswer.self, from: answer.body)).flatMap {
                    SignedTime.seconds(
                        in: $0.time, kiosk: identity.kiosk, nonce: nonce, collector: identity.collectorName,
                        key: identity.receiptKey)
                }
                let meaning: CollectorAnswer =
                    answer.status == 200 && time != nil
                    ? .accepted
                    : CollectorAnswer(
                        status: answer.status, body: answer.body, retryAfterSeconds: answer.retryAfter)
                turn(.heartbeat(heard(meaning), epoch: vitals.epoch))
            }
        }
    }

    private func send(_ request: CollectorRequest, _ kind: Parcel.Kind, _ told: @escaping (Reply) -> Void) {
        if world.now < quietUntil {
            world.oracle.violate("\(box.name) sent \(kind) \(quietUntil - world.now) ms before Retry-After was over")
        }
        let step = step
        world.network.send(Parcel(kind: kind, request: request, box: box.index)) { [weak self] reply in
            guard let self, self.step == step, isAlive else { return }
            told(reply)
        }
    }

    /// Notes the pause that was asked for, and may be deaf on purpose.
    private func heard(_ answer: CollectorAnswer) -> CollectorAnswer {
        box.tell("is answered \(answer)")
        if case .busy(let pause?) = answer { quietUntil = world.now + min(3_600_000, pause) }
        if world.subject == .neverResending, case .resend = answer { return .denied(nil) }
        return answer
    }
}
