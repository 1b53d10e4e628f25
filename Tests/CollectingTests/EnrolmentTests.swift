import Collecting
import CollectorMemory
import FakeKiosk
import Foundation
import Ledger
import Ratings
import Testing
import Wire

@Suite struct EnrolmentTests {
    let scene: Scene
    private var collector: Collector { scene.collector }

    init() throws { scene = try Scene() }

    private func issue() async throws -> IssuedCode {
        try await collector.addKiosk(
            KioskID(rawValue: "hall-1"), office: Place(id: "o", name: "Зал"), service: Place(id: "s", name: "Паспорт"),
            window: "3", now: scene.now)
    }

    private func request(_ code: EnrolmentCode) throws -> (request: EnrolmentRequest, body: Data) {
        let request = try FakeKiosk.enrolment(code, journalKey: SigningKey(), transportKey: SigningKey())
        return (request, try JSONEncoder().encode(request))
    }

    private func refusal(_ body: Data, now: Int64? = nil) async -> Refusal? {
        await #expect(throws: Refusal.self) { try await collector.enrol(body, now: now ?? scene.now) }
    }

    @Test func `a code enrols one kiosk, and both sides see the same words`() async throws {
        let issued = try await issue()
        #expect(issued.expires == scene.now + 15 * 60 * 1000)
        let (request, body) = try request(issued.code)
        let answer = try await collector.enrol(body, now: scene.now)
        #expect(answer.isValid(for: request, code: issued.code))
        #expect(answer.kiosk.rawValue == "hall-1" && answer.epoch == 1)
        #expect(Data(base64Encoded: answer.collectorNonce)?.count == 16)
        let code = try await scene.store.read { try $0.code(issued.code.identifier) }
        #expect(code?.characters == nil)
    }

    @Test func `the same request again gets the same answer, another one is refused`() async throws {
        let issued = try await issue()
        let (_, body) = try request(issued.code)
        let answer = try await collector.enrol(body, now: scene.now)
        #expect(try await collector.enrol(body, now: scene.now + 1000) == answer)
        let other = await refusal(try request(issued.code).body)
        #expect(other?.error == .refusedCode)
        #expect(other?.message.contains("used already") == true)
        #expect(await refusal(body, now: issued.expires)?.error == .refusedCode)
        #expect(try await scene.store.read { try $0.epochs().count } == 1)
    }

    @Test func `a code expires after fifteen minutes and is erased`() async throws {
        let issued = try await issue()
        let (_, body) = try request(issued.code)
        let refused = await refusal(body, now: scene.now + 15 * 60 * 1000)
        #expect(refused?.error == .refusedCode)
        #expect(refused?.message.contains("expired") == true)
        #expect(refused?.message.contains("kiosk replace hall-1") == true)
        let code = try await scene.store.read { try $0.code(issued.code.identifier) }
        #expect(code?.characters == nil)
        #expect(try await collector.kiosks().map(\.state) == [.expected])
    }

    @Test func `a code works one millisecond before it expires`() async throws {
        let issued = try await issue()
        let (_, body) = try request(issued.code)
        _ = try await collector.enrol(body, now: issued.expires - 1)
    }

    @Test func `five wrong proofs erase a code`() async throws {
        let issued = try await issue()
        var wrong = try request(issued.code).request
        wrong.nonce = "AAAA"
        let body = try JSONEncoder().encode(wrong)
        for left in [4, 3, 2, 1, 0] {
            let refused = await refusal(body)
            #expect(refused?.error == .refusedCode)
            #expect(refused?.message.contains("\(left) tries left") == true)
        }
        #expect(await refusal(try request(issued.code).body)?.error == .refusedCode)
        #expect(try await collector.events(limit: 9).map(\.kind) == [.codeSpent])
    }

    @Test(arguments: ["journalKey", "transportKey", "certificate", "nonce", "pin", "hardware", "proof"])
    func `whatever is changed on the way breaks the proof`(_ field: String) async throws {
        let issued = try await issue()
        var changed = try request(issued.code).request
        switch field {
        case "journalKey": changed.journalKey = SigningKey().publicKey
        case "transportKey": changed.transportKey = SigningKey().publicKey
        case "certificate": changed.certificate = try request(issued.code).request.certificate
        case "nonce": changed.nonce = "AAAA"
        case "pin": changed.pin = "another"
        case "hardware": changed.hardware = "another"
        default: changed.proof = try request(issued.code).request.proof
        }
        #expect(await refusal(try JSONEncoder().encode(changed))?.error == .refusedCode)
        #expect(try await scene.store.read { try $0.epochs() } == [])
    }

    @Test func `a guessed code is not known`() async throws {
        _ = try await issue()
        let guess = try #require(EnrolmentCode("0000-0000-0000-0000"))
        let refused = await refusal(try request(guess).body)
        #expect(refused?.error == .refusedCode)
        #expect(refused?.message.contains("not known") == true)
    }

    @Test(arguments: ["", "{}", "[1]", String(repeating: "x", count: 5000)])
    func `a body that is no enrolment is refused`(_ text: String) async throws {
        #expect(await refusal(Data(text.utf8))?.error == .malformed)
    }

    @Test func `a new code of a kiosk erases the one before`() async throws {
        let first = try await issue().code
        let second = try await collector.replaceKiosk(try #require(KioskID(rawValue: "hall-1")), now: scene.now).code
        #expect(await refusal(try request(first).body)?.error == .refusedCode)
        _ = try await collector.enrol(try request(second).body, now: scene.now)
    }

    @Test
    func `re-enrolment opens an epoch beyond the kiosk's own, keeps the history, and the old rest is still taken`()
        async throws
    {
        var kiosk = try await collector.enrolFake(with: try await issue().code, now: scene.now)
        try kiosk.fill(upTo: 12)
        try await collector.take(1, 6, of: &kiosk, now: scene.now)
        let code = try await collector.replaceKiosk(kiosk.id, now: scene.now).code
        var next = try await collector.enrolFake(with: code, now: scene.now, seed: 2)
        try next.fill(upTo: 6)
        #expect(next.epoch == 101)
        #expect(try await collector.take(1, 6, of: &next, now: scene.now) == nil)
        #expect(try await collector.take(7, kiosk.count, of: &kiosk, now: scene.now) == nil)
        let epochs = try await scene.store.read { [kiosk] in try $0.epochs(of: kiosk.id) }
        #expect(epochs.map(\.head.sequence) == [kiosk.count, 6])
        #expect(epochs.map(\.place.window) == ["3", "3"])
        #expect(try await collector.events(limit: 9).map(\.kind) == [.replaced, .enrolled])
        #expect(await collector.verify().faults == [])
    }

    @Test func `an epoch that a kiosk claims uses up no numbers`() async throws {
        let code = try await issue().code
        let claim = try FakeKiosk.enrolment(
            code, journalKey: SigningKey(), transportKey: SigningKey(), afterEpoch: 500_001)
        #expect(await refusal(try JSONEncoder().encode(claim))?.error == .malformed)
    }

    @Test func `a revoked kiosk counts again once it is enrolled again`() async throws {
        let kiosk = try await collector.enrolFake(with: try await issue().code, now: scene.now)
        try await collector.revokeKiosk(kiosk.id, reason: "", now: scene.now)
        #expect(try await collector.kiosks().map(\.state) == [.revoked])
        let code = try await collector.replaceKiosk(kiosk.id, now: scene.now).code
        var next = try await collector.enrolFake(with: code, now: scene.now)
        try next.visit(mark: 5)
        #expect(try await collector.take(1, 3, of: &next, now: scene.now) == nil)
        #expect(try await collector.kiosks().map(\.state) == [.active])
        #expect(try await collector.summary() == CollectorSummary(ratings: 1, kiosks: 1))
        #expect(await collector.verify().faults == [])
    }

    @Test func `staff is told what cannot be done`() async throws {
        _ = try await issue()
        let known = await #expect(throws: CollectorError.self) { _ = try await issue() }
        #expect(known?.code == .alreadyKnown)
        let unknown = try #require(KioskID(rawValue: "hall-9"))
        let missing = await #expect(throws: CollectorError.self) {
            _ = try await collector.replaceKiosk(unknown, now: scene.now)
        }
        #expect(missing?.code == .unknownKiosk)
        await #expect(throws: CollectorError.self) {
            try await collector.revokeKiosk(unknown, reason: "", now: scene.now)
        }
        for (office, window) in [("", "1"), ("a\nb", "1"), ("o", "a\nb"), (String(repeating: "x", count: 65), "1")] {
            let bad = await #expect(throws: CollectorError.self) {
                _ = try await collector.addKiosk(
                    KioskID(rawValue: "k"), office: Place(id: office, name: "n"), service: Place(id: "s", name: "n"),
                    window: window, now: scene.now)
            }
            #expect(bad?.code == .badName)
        }
    }

    @Test func `a kiosk without an id is named after its office`() async throws {
        let place = Place(id: "mfc-7", name: "МФЦ")
        for number in 1...3 {
            let issued = try await collector.addKiosk(
                nil, office: place, service: Place(id: "s", name: "n"), window: "", now: scene.now)
            #expect(issued.kiosk.rawValue == "mfc-7-\(number)")
        }
    }
}

@Suite struct HeartbeatTests {
    let scene: Scene

    init() throws { scene = try Scene() }

    @Test func `a heartbeat is kept and answered with the signed time for its nonce`() async throws {
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 5)
        let request = try kiosk.heartbeat(marks: ["no_input"], unsent: 3)
        let permit = try await scene.collector.authorizeHeartbeat(request.head, kiosk: kiosk.id)
        let answer = try await scene.collector.heartbeat(permit, body: request.body, now: scene.now)
        let nonce = try JSONDecoder().decode(Heartbeat.self, from: request.body).nonce
        let seconds = SignedTime.seconds(
            in: answer.time, kiosk: kiosk.id, nonce: nonce, collector: "collector.test",
            key: scene.collector.identity.key.publicKey)
        #expect(seconds == UInt64(scene.now / 1000))
        let status = try #require(try await scene.collector.kiosks().first)
        #expect(status.heartbeat?.marks == ["no_input"] && status.heartbeat?.unsent == 3)
        #expect(status.heartbeat?.received == scene.now)
        #expect(status.claimedSequence == 3 && status.storedSequence == 0 && status.lastRecord == nil)
    }

    @Test func `a heartbeat of a receipted epoch that a restored collector has not got asks for it anew`() async throws
    {
        // The same collector, and as it was right after the enrolment.
        let stores: [any CollectorStore] = [scene.store, MemoryCollectorStore()]
        let collectors = stores.map {
            Collector(identity: scene.collector.identity, store: $0, random: { Array(repeating: 7, count: $0) })
        }
        let places = (Place(id: "office-1", name: "Office"), Place(id: "passports", name: "Passports"))
        var codes: [EnrolmentCode] = []
        for collector in collectors {
            let issued = try await collector.addKiosk(
                KioskID(rawValue: "hall-1"), office: places.0, service: places.1, window: "1", now: scene.now)
            codes.append(issued.code)
        }
        var kiosk = try await collectors[0].enrolFake(with: codes[0], now: scene.now)
        _ = try await collectors[1].enrol(try kiosk.enrolment(codes[1]).body, now: scene.now)
        let restored = collectors[1]
        try kiosk.loseJournal()
        #expect(try await restored.hear(&kiosk, now: scene.now) == nil)
        try await collectors[0].take(1, 1, of: &kiosk, now: scene.now)
        let refusal = try await restored.hear(&kiosk, now: scene.now)
        #expect(refusal?.error == .rewindCollector && refusal?.need == 1)
        #expect(try await restored.take(1, 1, of: &kiosk, now: scene.now) == nil)
        #expect(try await restored.hear(&kiosk, now: scene.now) == nil)
    }

    @Test func `a heartbeat with a head below what is stored closes the epoch`() async throws {
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 5)
        var card = kiosk
        try kiosk.fill(upTo: 20)
        try await scene.collector.take(1, kiosk.count, of: &kiosk, now: scene.now)
        card.pass(milliseconds: 3_600_000)
        #expect(try await scene.collector.hear(&card, now: scene.now)?.error == .rewindKiosk)
        #expect(try await scene.collector.kiosks().map(\.state) == [.closed])
    }

    @Test(arguments: ["digest", "body", "head", "unsigned"])
    func `a wrong heartbeat is refused`(_ what: String) async throws {
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        var request = try kiosk.heartbeat()
        switch what {
        case "digest": request.body.append(32)
        case "body":
            request.body = Data("{}".utf8)
            request.head.fields["content-digest"] = ContentDigest.value(of: request.body)
            try kiosk.sign(&request.head)
        case "head":
            request.head.fields["head"] = FakeKiosk.base64("x")
            try kiosk.sign(&request.head)
        default: request.head.fields["signature"] = nil
        }
        let expected: [String: Refusal.Code] = [
            "digest": .badDigest, "body": .malformed, "head": .badCheckpoint, "unsigned": .badSignature,
        ]
        let sent = request
        let refusal = await #expect(throws: Refusal.self) {
            let permit = try await scene.collector.authorizeHeartbeat(sent.head, kiosk: kiosk.id)
            _ = try await scene.collector.heartbeat(permit, body: sent.body, now: scene.now)
        }
        #expect(refusal?.error == expected[what])
        let kept = try await scene.store.read { [kiosk] in try $0.heartbeat(kiosk.id) }
        #expect(kept == nil)
    }
}
