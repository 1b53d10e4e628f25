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
    private var transport: Card.Transport?
    /// The list of successions that was followed last, by its digest.
    private var followedKeys: String?
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

    /// Also reads the transport key's file again where it is another one.
    private func isReady(_ run: RunProgram) -> Bool {
        let written = box.disk.written.transport
        if identity != nil, written?.key.publicKey == transport?.key.publicKey { return true }
        guard let enrolment = run.journal.present?.enrolment, let written else { return false }
        var identity = enrolment.identity
        identity.receiptKey = run.journal.receiptKey(of: enrolment)
        (self.identity, transport) = (identity, written)
        return true
    }

    private func enrolledAnew() {
        (identity, transport, batch) = (nil, nil, nil)
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
        case .fetchReceipted(let epoch):
            let time = { [box] (journal: SimulatedJournal) in box.time(boot: journal.boot) }
            fetch(run) { journal in try journal.lastReceipted(before: epoch, now: time(journal)) }
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
        fetch(run) { [box] journal in
            try journal.batch(
                epoch: from?.epoch, first: from?.sequence, maximumRecords: records, maximumBytes: bytes,
                now: box.time(boot: journal.boot))
        }
    }

    private func fetch(_ run: RunProgram, _ read: @escaping (SimulatedJournal) throws -> Batch?) {
        ask(run) { [self] journal in
            let batch = try read(journal)
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
        guard let batch, let transport,
            let request = signed({
                try .upload(batch, key: transport.key, succession: transport.succession, created: $0) { _ in nil }
            })
        else {
            return turn(.runFailed)
        }
        self.batch = nil
        let kind = Parcel.Kind.upload(batch.kiosk, epoch: batch.epoch, first: batch.first, last: batch.last)
        send(kind, request.head, request.body) { [self] reply in
            switch reply {
            case .none(let answer): turn(.uploaded(answer))
            case .answer(let answer) where world.subject == .acceptanceByStatus && answer.status == 200:
                believe(batch)
            case .answer(let answer):
                switch UploadReply(status: answer.status, body: answer.body, retryAfterSeconds: answer.retryAfter) {
                case .answer(let meaning): turn(.uploaded(heard(meaning)))
                case .receipt(let note):
                    judge(note, of: batch) { [self] answer in
                        guard answer == .worthless, world.scenario.changesKeys else { return turn(.uploaded(answer)) }
                        // Signed by a key that we do not know? Its succession tells.
                        followKeys { [self] isNew in
                            guard isNew else { return turn(.uploaded(answer)) }
                            judge(note, of: batch) { [self] in turn(.uploaded($0)) }
                        }
                    }
                }
            }
        }
    }

    private func signed(_ make: (Int64) throws -> CollectorRequest) -> CollectorRequest? {
        try? make(box.wall >= 0 ? box.wall / 1000 : 0)
    }

    /// Wrong on purpose: the status of an answer is enough.
    private func believe(_ batch: Batch) {
        guard let run = box.run else { return turn(.runFailed) }
        ask(run) { journal in
            try journal.believe(batch)
            return { [self] in turn(.uploaded(.accepted)) }
        } refused: { [self] _ in
            turn(.runFailed)
        }
    }

    /// As `UplinkProgram.judge`.
    private func judge(_ note: String, of batch: Batch, told: @escaping (CollectorAnswer) -> Void) {
        guard batch.isNews else {
            let isOurs = identity.map { batch.isReceipted(by: note, identity: $0) } ?? false
            return told(isOurs ? .accepted : .worthless)
        }
        guard let run = box.run else { return turn(.runFailed) }
        ask(run) { journal in
            try journal.accept(receipt: note)
            return {
                run.backlogChanged?()
                told(.accepted)
            }
        } refused: { [self] fault in
            guard case .refused(let refusal) = fault else { return turn(.runFailed) }
            box.tell("refuses a receipt: \(refusal)")
            told(.worthless)
        }
    }

    /// As `UplinkProgram.followKeys`: tells whether the receipt key is another one than before.
    private func followKeys(_ told: @escaping (Bool) -> Void) {
        send(.keys, RequestHead(method: "GET", path: Routes.keys), Data()) { [self] reply in
            guard case .answer(let answer) = reply, answer.status == 200, let run = box.run,
                let published = try? JSONDecoder().decode(PublishedKeys.self, from: answer.body),
                published.successions.count <= KeySuccession.maximumCount
            else { return told(false) }
            ask(run) { [self] journal in
                let key = try journal.follow(published.successions, box.time(boot: journal.boot))
                return { [self] in
                    guard let identity else { return told(false) }
                    self.identity?.receiptKey = key
                    followedKeys = PublishedKeys.digest(of: published.successions)
                    run.backlogChanged?()
                    told(key != identity.receiptKey)
                }
            } refused: { _ in
                told(false)
            }
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
        guard let transport,
            let request = signed({
                try .heartbeat(
                    vitals, nonce: nonce, key: transport.key, succession: transport.succession, created: $0)
            })
        else {
            return turn(.runFailed)
        }
        send(.heartbeat(vitals.kiosk), request.head, request.body) { [self] reply in
            switch reply {
            case .none(let answer): turn(.heartbeat(answer, epoch: vitals.epoch))
            case .answer(let answer): judge(answer, to: vitals, nonce)
            }
        }
    }

    private func judge(_ answer: Answered, to vitals: Vitals, _ nonce: String) {
        let decoded = try? JSONDecoder().decode(HeartbeatAnswer.self, from: answer.body)
        func isSigned() -> Bool {
            guard answer.status == 200, let decoded, let identity else { return false }
            return SignedTime.seconds(
                in: decoded.time, kiosk: identity.kiosk, nonce: nonce, collector: identity.collectorName,
                key: identity.receiptKey) != nil
        }
        func end(_ isSigned: Bool) {
            let meaning: CollectorAnswer =
                isSigned
                ? .accepted
                : CollectorAnswer(status: answer.status, body: answer.body, retryAfterSeconds: answer.retryAfter)
            turn(.heartbeat(heard(meaning), epoch: vitals.epoch))
        }
        let isTrue = isSigned()
        let hasNewKeys = decoded?.keys != nil && decoded?.keys != followedKeys
        guard world.scenario.changesKeys, answer.status == 200, !isTrue || hasNewKeys else { return end(isTrue) }
        followKeys { end($0 ? isSigned() : isTrue) }
    }

    private func send(
        _ kind: Parcel.Kind, _ head: RequestHead, _ body: Data, _ told: @escaping (Reply) -> Void
    ) {
        if world.now < quietUntil {
            world.oracle.violate("\(box.name) sent \(kind) \(quietUntil - world.now) ms before Retry-After was over")
        }
        let step = step
        world.network.send(Parcel(kind: kind, head: head, body: body, box: box.index)) { [weak self] reply in
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
