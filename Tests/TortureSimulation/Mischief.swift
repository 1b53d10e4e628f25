import Collecting
import FoundationEssentials
import Ledger

extension World {
    /// Plans everything that goes wrong.
    func planFaults() {
        network.faultsPerThousand = scenario.networkFaultsPerThousand
        for _ in 0..<scenario.faults {
            plan(after: 90_000 + draw(UInt64(scenario.faultTime))) { [unowned self] in await mischief() }
        }
        for number in 1...6 {
            plan(after: Int64(number) * scenario.faultTime / 6) { [unowned self] in region.backUp() }
        }
        if scenario.changesKeys { planRotations() }
    }

    private func mischief() async {
        guard !isHealed else { return }
        let box = boxes[Int(draw(UInt64(boxes.count)))]
        switch draw(25) {
        case 0, 1, 2: cutPower(box)
        case 3, 4:
            kill(box)
        case 5:
            count(.kill)
            box.endUplink()
        case 6, 7: box.diskTrouble = .failing
        case 8: trouble(box, .full)
        case 9: trouble(box, .slow)
        case 10: damage(box)
        case 11: setBack(box)
        case 12: clone(box)
        case 13, 14: turnClock(box)
        case 15, 16: partition(box)
        case 17:
            tell("the collector dies")
            region.crash()
        case 18, 19: region.crashesAfterCommit = true
        case 20, 21, 22: region.restore()
        case 23:
            region.failsNextWrite = true
            region.busyUntil = now + draw(300_000)
        default: await staff(box)
        }
    }

    func kill(_ box: Box) {
        guard box.run != nil else { return }
        box.tell("loses run to a SIGKILL")
        count(.kill)
        box.run?.interrupt()
        box.endRun()
    }

    func cutPower(_ box: Box) {
        guard box.isOn else { return }
        count(.power)
        box.powerOff()
        plan(after: 1_000 + draw(120_000)) { box.powerOn() }
    }

    private func trouble(_ box: Box, _ trouble: Box.DiskTrouble) {
        box.diskTrouble = trouble
        box.tell("has a disk that is \(trouble)")
        count(.disk)
        plan(after: 20_000 + draw(180_000)) { if box.diskTrouble == trouble { box.diskTrouble = .none } }
    }

    /// Bits rot, or the file goes.
    private func damage(_ box: Box) {
        guard box.disk.written.store?.epochs.isEmpty == false else { return }
        count(.damage)
        box.tell("has its journal damaged")
        let isGone = draw(3) == 0
        box.run?.interrupt()
        for chain in box.disk.written.store?.epochs ?? [] { oracle.lose(chain.enrolment.genesis, "damage") }
        box.disk.tamper { card in
            if isGone { card.store = nil } else { card.store?.isDamaged = true }
        }
        box.endRun()
    }

    /// The card, or only the store on it, is put back to an older copy.
    private func setBack(_ box: Box) {
        box.copies.append(box.disk.written)
        let wholeCard = draw(2) == 0
        plan(after: draw(600_000)) { [unowned self] in
            guard !isHealed, box.isOn, let old = box.copies.last, box.copies.count > 0,
                old.first.seed == box.disk.written.first.seed
            else { return }
            let chains = (box.disk.written.store?.epochs ?? []) + (old.store?.epochs ?? [])
            let genesis = chains.map(\.enrolment.genesis)
            box.powerOff()
            count(.rollback)
            box.tell("has \(wholeCard ? "its card" : "its store") set back")
            if wholeCard {
                oracle.fork(genesis, "its card was set back")
                box.disk.tamper { $0 = old }
            } else {
                // The note beside it tells of the newer one, if anything is newer.
                oracle.fork(genesis, "its store was set back")
                box.disk.tamper { $0.store = old.store }
            }
            plan(after: 5_000) { box.powerOn() }
            technicianComes(to: box)
        }
    }

    /// A second box speaks with the first one's card.
    private func clone(_ box: Box) {
        guard let chains = box.disk.written.store?.epochs, !chains.isEmpty, boxes.count < 6 else { return }
        count(.clone)
        oracle.fork(chains.map(\.enrolment.genesis), "its card was cloned")
        let twin = Box(world: self, index: boxes.count, kiosk: box.kiosk, card: box.disk.durable)
        twin.isClone = true
        boxes.append(twin)
        twin.tell("is cloned")
        twin.powerOn()
        receiveVisitors(at: twin)
        technicianComes(to: boxes[0].kiosk == box.kiosk ? boxes[0] : box)
    }

    /// Somebody looks after it, sometimes before faults stop.
    private func technicianComes(to box: Box) {
        guard draw(2) == 0, !box.isClone else { return }
        plan(after: 60_000 + draw(600_000)) { [unowned self] in
            guard !isHealed else { return }
            replace(box, after: 1)
        }
    }

    private func turnClock(_ box: Box) {
        guard box.isOn else { return }
        count(.clock)
        let year: Int64 = 365 * 86_400_000
        let offsets = [-now + box.bootMilliseconds, 10 * year, -10 * year, 3_600_000, -3_600_000, 0, 0, 1_500]
        let offset = offsets[Int(draw(8))]
        box.setClock(offset: offset, synchronised: offset == 0)
    }

    func partition(_ box: Box) {
        box.isPartitioned = true
        box.tell("has no network")
        plan(after: 30_000 + draw(900_000)) { box.isPartitioned = false }
    }

    /// What people at the collector do: revoke, or enrol again, on the old card or on a new one.
    private func staff(_ box: Box) async {
        guard !box.isClone, region.isUp else { return }
        switch draw(3) {
        case 0:
            tell("\(box.kiosk) is revoked")
            count(.revocation)
            guard (try? await region.collector.revokeKiosk(box.kiosk, reason: "drill", now: now)) != nil else { return }
            region.settle()
            region.staffActed = now
            oracle.excuse(box.kiosk, Oracle.revoked)
            if draw(2) == 0 { replace(box, after: 60_000 + draw(300_000)) }
        case 1: replace(box, after: 1)
        default:
            box.tell("is imaged anew")
            for chain in box.disk.written.store?.epochs ?? [] {
                oracle.excuse(chain.enrolment.genesis, "its card was thrown away")
            }
            box.powerOff()
            guard let card = try? newCard() else { return }
            box.disk = Disk(card)
            box.copies = []
            box.powerOn()
            replace(box, after: 20_000)
        }
    }

    /// Faults stop: the line works, the power stays, clones are taken away, and what needs a technician gets one.
    func heal() async {
        isHealed = true
        tell("faults stop")
        network.faultsPerThousand = 0
        region.busyUntil = 0
        region.failsNextWrite = false
        region.crashesAfterCommit = false
        for box in boxes {
            box.isPartitioned = false
            box.diskTrouble = .none
            if box.isClone { box.powerOff() } else { box.powerOn() }
        }
        for box in boxes where !box.isClone {
            let isRevoked = region.memory.state.kiosks[box.kiosk]?.revoked != nil
            let isForked = box.genesis.map { oracle.chains[Oracle.key($0)]?.isForked ?? true } ?? true
            if isRevoked || isForked { replace(box, after: 120_000 + draw(60_000)) }
        }
    }
}
