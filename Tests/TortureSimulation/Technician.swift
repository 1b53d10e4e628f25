import Collecting
import FoundationEssentials
import KioskControl
import Ledger
import Ratings
import Wire

extension World {
    /// Adds the kiosks of the run, and sends a technician to each.
    func open() async throws {
        for number in 0..<scenario.kiosks {
            guard let id = KioskID(rawValue: "hall-\(number)") else { preconditionFailure("an id") }
            let issued = try await region.collector.addKiosk(
                id, office: Place(id: "office-\(number % 2)", name: "Office"),
                service: Place(id: "passports", name: "Passports"), window: "\(number)", now: now)
            region.settle()
            let box = Box(world: self, index: boxes.count, kiosk: id, card: try newCard())
            boxes.append(box)
            box.powerOn()
            enrol(box, with: issued.code, after: 5_000 + draw(60_000))
            receiveVisitors(at: box)
        }
    }

    func newCard() throws -> Card { Card(key: try SigningKey(seed: Data(bytes(32)))) }

    /// A technician with a new code of `kiosk replace`.
    func replace(_ box: Box, after milliseconds: Int64) {
        plan(after: milliseconds) { [unowned self] in
            guard box.isOn, region.isUp, let issued = try? await region.collector.replaceKiosk(box.kiosk, now: now)
            else { return replace(box, after: 60_000) }
            region.settle()
            enrol(box, with: issued.code, after: 10_000)
        }
    }

    /// `otsenka-kiosk enrol`, as `Enroller`: the keys first, then the journal; the same code again until both are there.
    func enrol(_ box: Box, with code: EnrolmentCode, after milliseconds: Int64) {
        let transport = try? SigningKey(seed: Data(bytes(32)))
        let nonce = Data(bytes(16)).base64EncodedString()
        let issued = now
        func attempt(after milliseconds: Int64) {
            plan(after: milliseconds) { [unowned self] in
                // An expired code is of no use: the technician asks for another.
                guard now - issued < 14 * 60_000 else { return replace(box, after: 1_000) }
                guard box.isOn, let run = box.run, region.isUp, let transport, !box.isPartitioned,
                    let (request, body) = request(code, box, transport, nonce)
                else { return attempt(after: 30_000) }
                guard let answer = try? await region.collector.enrol(body, now: now) else {
                    // Spent by a newer code, or the store failed.
                    return replace(box, after: 30_000)
                }
                region.settle()
                region.staffActed = now
                count(.enrolment)
                // Now and then the answer is lost; then the same request gets the same answer.
                guard answer.isValid(for: request, code: code), draw(8) > 0 else { return attempt(after: 30_000) }
                oracle.transport(transport.publicKey)
                box.disk.write { $0.transport = Card.Transport(key: transport) }
                let identity = KioskIdentity(
                    kiosk: answer.kiosk, epoch: answer.epoch, journalKey: request.journalKey,
                    collector: "https://collector.region", collectorName: answer.collectorName,
                    receiptKey: answer.receiptKey)
                let epoch = answer.epoch
                if let present = box.disk.written.store?.epochs.last, present.number >= epoch {
                    // A known limit: a restored collector has not heard of this epoch again yet, and gives its number to
                    // the new enrolment. Of two chains with one number it takes one.
                    oracle.fork([present.enrolment.genesis], "its number was given to another enrolment")
                }
                run.enrol(Enrolment(identity: identity, collectorNonce: answer.collectorNonce)) {
                    [unowned self] isTaken in
                    let held = box.run?.journal.present?.enrolment
                    let wasRevoked = region.memory.state.epochs.contains {
                        $0.kiosk == box.kiosk && $0.epoch == epoch && $0.state == .revoked
                    }
                    // The answer came late: its epoch was revoked before the kiosk took it.
                    if isTaken, wasRevoked, let held { oracle.excuse(held.genesis, Oracle.revoked) }
                    if !isTaken, held?.collectorNonce != answer.collectorNonce { replace(box, after: 10_000) }
                }
                // The program may have died in between; then it is done again.
                plan(after: 60_000) {
                    if (box.disk.written.store?.epochs.last?.number ?? 0) < epoch { attempt(after: 1_000) }
                }
            }
        }
        attempt(after: milliseconds)
    }

    private func request(
        _ code: EnrolmentCode, _ box: Box, _ transport: SigningKey, _ nonce: String
    ) -> (EnrolmentRequest, Data)? {
        guard let journal = box.disk.written.key else { return nil }
        let statement = TransportStatement.bytes(journalKey: journal.publicKey, transportKey: transport.publicKey)
        guard let certificate = try? journal.signature(over: statement) else { return nil }
        let request = EnrolmentRequest(
            code: code, journalKey: journal.publicKey, transportKey: transport.publicKey,
            certificate: certificate.base64EncodedString(), nonce: nonce, pin: "", hardware: "box \(box.index)",
            afterEpoch: box.disk.written.store?.epochs.last?.number)
        return (try? JSONEncoder().encode(request)).map { (request, $0) }
    }
}
