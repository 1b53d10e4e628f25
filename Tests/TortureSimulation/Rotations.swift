import FoundationEssentials
import Ledger

// Technicians and staff change keys: in a hall without a network, and with the power going in the middle.

extension World {
    func planRotations() {
        for _ in 0..<(1 + draw(5)) {
            plan(after: 90_000 + draw(UInt64(scenario.faultTime))) { [unowned self] in await rotate() }
        }
    }

    private func rotate() async {
        guard !isHealed else { return }
        let box = boxes[Int(draw(UInt64(boxes.count)))]
        switch draw(3) {
        case 0:
            isolate(box)
            // A fleet changes its keys one after another, and a nervous technician repeats the command.
            for turn in 0..<(1 + draw(3)) {
                plan(after: turn * draw(60_000)) {
                    box.run?.changeJournalKey()
                    self.interrupt(box)
                }
            }
        case 1:
            isolate(box)
            rotateTransport(box)
        default:
            await region.rotateReceiptKey()
            // "Make a backup now."
            if draw(2) == 0 { region.backUp() }
        }
    }

    private func isolate(_ box: Box) { if draw(2) == 0 { partition(box) } }

    /// Within the few milliseconds that the steps take.
    private func interrupt(_ box: Box) {
        switch draw(8) {
        case 0: plan(after: draw(14)) { [unowned self] in cutPower(box) }
        case 1: plan(after: draw(14)) { [unowned self] in kill(box) }
        default: break
        }
    }

    /// `otsenka-kiosk key rotate transport`, as `TransportKeyChange`: `run` vouches, then one file is replaced.
    private func rotateTransport(_ box: Box) {
        guard let run = box.run, let old = box.disk.written.transport,
            let new = try? SigningKey(seed: Data(bytes(32)))
        else { return }
        let generation = max(run.journal.nextTransportGeneration, (old.succession?.generation ?? 1) + 1)
        guard
            let own = try? KeySuccession(
                .transport, of: box.kiosk.rawValue, generation: generation,
                from: old.succession?.oldKey ?? old.key.publicKey, to: new,
                time: max(0, box.wall / 1000), signedBy: [])
        else { return }
        let power = box.power
        run.vouch(for: own) { [unowned self] vouched in
            plan(after: draw(50)) { [unowned self] in
                guard box.isOn, box.power == power else { return }
                oracle.transport(new.publicKey, after: old.key.publicKey)
                box.disk.write { $0.transport = Card.Transport(key: new, succession: vouched) }
                box.tell("has changed its transport key")
                count(.transportKey)
            }
        }
        interrupt(box)
    }
}
