import Collecting
import FakeKiosk
import Foundation
import Ledger
import Ratings
import Testing

/// What every implementation of `CollectorStore` does, row by row. Policy is tested elsewhere; here a store is only a
/// store.
@Suite struct StoreContract {
    private static let place = KioskPlace(office: "o", service: "s", window: "1")

    private static func kiosk(_ name: String) throws -> KioskID { try #require(KioskID(rawValue: name)) }

    private static func epoch(_ chain: Int64, _ kiosk: KioskID, _ number: Int) -> EpochRow {
        let key = SigningKey().publicKey
        let genesis = Genesis(kiosk: kiosk.rawValue, epoch: number, publicKey: key, collectorNonce: "n")
        return EpochRow(
            chain: chain, kiosk: kiosk, epoch: number, place: place, journalKey: key, transportKey: key,
            certificate: "c",
            collectorNonce: "n", origin: .enrolment, opened: 5, seal: "seal", head: genesis.head, floor: 5)
    }

    /// A store with one office, one service and one kiosk.
    private static func prepared(_ kind: StoreKind) async throws -> (scene: Scene, kiosk: KioskID) {
        let scene = try Scene(kind)
        let id = try kiosk("hall-1")
        try await scene.store.write { transaction in
            try transaction.add(office: Place(id: "o", name: "Office"))
            try transaction.add(service: Place(id: "s", name: "Service"))
            try transaction.put(KioskRow(id: id, place: place, added: 3))
        }
        return (scene, id)
    }

    @Test(arguments: StoreKind.allCases) func `places are added once and keep their names`(_ kind: StoreKind)
        async throws
    {
        let (scene, _) = try await Self.prepared(kind)
        try await scene.store.write { transaction in
            try transaction.add(office: Place(id: "o", name: "Renamed"))
            try transaction.add(office: Place(id: "a", name: "Зал «Б»"))
        }
        let offices = try await scene.store.read { try $0.offices() }
        #expect(offices == [Place(id: "a", name: "Зал «Б»"), Place(id: "o", name: "Office")])
        #expect(try await scene.store.read { try $0.services() } == [Place(id: "s", name: "Service")])
    }

    @Test(arguments: StoreKind.allCases) func `a kiosk is added, then changed`(_ kind: StoreKind) async throws {
        let (scene, id) = try await Self.prepared(kind)
        try await scene.store.write { try $0.put(KioskRow(id: id, place: Self.place, added: 3, revoked: 9)) }
        #expect(
            try await scene.store.read { try $0.kiosks() } == [
                KioskRow(id: id, place: Self.place, added: 3, revoked: 9)
            ])
        #expect(try await scene.store.read { try $0.kiosk(try Self.kiosk("hall-2")) } == nil)
    }

    @Test(arguments: StoreKind.allCases) func `a throw undoes everything and is passed on`(_ kind: StoreKind)
        async throws
    {
        struct Wrong: Error {}
        let (scene, id) = try await Self.prepared(kind)
        await #expect(throws: Wrong.self) {
            try await scene.store.write { transaction in
                try transaction.put(KioskRow(id: id, place: Self.place, added: 3, revoked: 9))
                try transaction.insert(EventRow(time: 1, kind: .fork, kiosk: id, epoch: 1, message: "m"))
                #expect(try transaction.kiosk(id)?.revoked == 9)
                throw Wrong()
            }
        }
        #expect(try await scene.store.read { try $0.kiosk(id)?.revoked } == nil)
        #expect(try await scene.store.read { try $0.events(limit: 9) } == [])
    }

    @Test(arguments: StoreKind.allCases) func `codes are kept, changed and erased`(_ kind: StoreKind) async throws {
        let (scene, id) = try await Self.prepared(kind)
        let early = CodeRow(identifier: "1", characters: "A", kiosk: id, expires: 10)
        var late = CodeRow(identifier: "2", characters: "B", kiosk: id, expires: 20)
        try await scene.store.write { [late] transaction in
            try transaction.put(early)
            try transaction.put(late)
            try transaction.eraseCodes(expiredAt: 10, of: nil)
        }
        #expect(try await scene.store.read { try $0.code("1") }?.characters == nil)
        #expect(try await scene.store.read { try $0.code("2") } == late)
        late.tries = 2
        late.proof = "p"
        late.answer = Data([1, 0, 2])
        try await scene.store.write { [late] in try $0.put(late) }
        #expect(try await scene.store.read { try $0.code("2") } == late)
        try await scene.store.write { try $0.eraseCodes(expiredAt: 0, of: id) }
        #expect(try await scene.store.read { try $0.code("2") }?.characters == nil)
        #expect(try await scene.store.read { try $0.code("3") } == nil)
    }

    @Test(arguments: StoreKind.allCases) func `epochs come back as they were put, in their order`(_ kind: StoreKind)
        async throws
    {
        let (scene, id) = try await Self.prepared(kind)
        let other = try Self.kiosk("hall-0")
        let rows = [Self.epoch(1, id, 1), Self.epoch(2, other, 1), Self.epoch(3, id, 2)]
        try await scene.store.write { transaction in
            try transaction.put(KioskRow(id: other, place: Self.place, added: 3))
            for row in rows { try transaction.insert(row) }
        }
        #expect(try await scene.store.read { try $0.epochs() } == rows)
        #expect(try await scene.store.read { try $0.epochs(of: id) } == [rows[0], rows[2]])
        #expect(try await scene.store.read { try $0.lastEpoch() } == rows[2])
        #expect(try await scene.store.read { try $0.epoch(id, 2) } == rows[2])
        #expect(try await scene.store.read { try $0.epoch(id, 3) } == nil)
        var changed = rows[0]
        changed.state = .closed
        changed.head.sequence = 7
        changed.claim = HeadClaim(note: "note\n", sequence: 8, created: -1, boot: 2, bootMilliseconds: .max)
        changed.receipt = "receipt"
        changed.floor = 6
        changed.received = 7
        changed.branches = 3
        changed.stateSeal = "again"
        let written = changed
        try await scene.store.write { try $0.update(written) }
        #expect(try await scene.store.read { try $0.epoch(id, 1) } == written)
        await #expect(throws: StoreError.self) { try await scene.store.write { try $0.insert(rows[0]) } }
    }

    @Test(arguments: StoreKind.allCases) func `an arrival brings its lines and all that follows from them`(
        _ kind: StoreKind
    ) async throws {
        let (scene, id) = try await Self.prepared(kind)
        let (row, lines) = (Self.epoch(1, id, 1), [Data("a".utf8), Data([0, 255]), Data()])
        let arrival = ArrivalRow(
            chain: 1, first: 4, last: 6, received: 9,
            clocks: BootClocks(starts: [BootClocks.Start(boot: 1, earliest: 2, latest: 3)]), checkpoint: "c\n",
            seal: "s")
        var session = SessionRow(
            session: SessionID(bits: 5), shownSequence: 4, place: Self.place, questionnaire: "q@1", language: "ru",
            source: .operator, placed: 8, uncertainty: 1)
        var derived = Derived()
        derived.newSessions = [session]
        derived.answers = [
            AnswerRow(sequence: 5, session: session.session, question: "overall", value: 3, pass: nil, placed: 8),
            AnswerRow(
                sequence: 6, session: session.session, question: "waiting", value: nil, pass: .noAnswer, placed: 8),
        ]
        derived.quarantined = [QuarantinedRow(sequence: 6, reason: .badBody)]
        let first = derived
        try await scene.store.write { transaction in
            try transaction.insert(row)
            try transaction.insert(arrival, lines: lines[...], derived: first)
        }
        #expect(try await scene.store.read { try $0.arrivals(of: 1) } == [arrival])
        let stored: [Data?] = try await scene.store.read { snapshot in
            try (3...7).map { sequence in try snapshot.line(1, sequence) }
        }
        #expect(stored == [nil, lines[0], lines[1], lines[2], nil])
        #expect(try await scene.store.read { try $0.sessions(of: 1) } == [session])
        #expect(try await scene.store.read { try $0.answers(of: 1) } == derived.answers)
        #expect(try await scene.store.read { try $0.quarantined(of: 1) } == derived.quarantined)
        session.overall = 3
        session.outcome = .answered
        session.flags = ["a", "b"]
        var change = Derived()
        change.changedSessions = [session]
        var next = arrival
        // No record of it tells its moment.
        (next.first, next.last, next.clocks) = (7, 7, BootClocks(starts: []))
        let (second, later) = (change, next)
        try await scene.store.write { try $0.insert(later, lines: lines[0...0], derived: second) }
        #expect(try await scene.store.read { try $0.arrivals(of: 1) } == [arrival, next])
        #expect(try await scene.store.read { try $0.session(1, SessionID(bits: 5)) } == session)
        #expect(try await scene.store.read { try $0.session(2, SessionID(bits: 5)) } == nil)
        await #expect(throws: StoreError.self) {
            try await scene.store.write { try $0.insert(later, lines: lines[0...0], derived: Derived()) }
        }
    }

    @Test(arguments: StoreKind.allCases) func `contacts and heartbeats are the newest ones`(_ kind: StoreKind)
        async throws
    {
        let (scene, id) = try await Self.prepared(kind)
        for time in [1, 2] as [Int64] {
            try await scene.store.write { transaction in
                try transaction.put(BootContact(boot: 1, bootMilliseconds: time, received: time), chain: 1)
                try transaction.put(
                    HeartbeatRow(
                        kiosk: id, epoch: 1, received: time, unsent: 0, marks: ["a\"b", "ж"], program: "1", wall: "w",
                        clock: .synced))
            }
        }
        #expect(
            try await scene.store.read { try $0.contact(1, boot: 1) }
                == BootContact(boot: 1, bootMilliseconds: 2, received: 2))
        #expect(try await scene.store.read { try $0.contact(1, boot: 2) } == nil)
        let heartbeat = try await scene.store.read { try $0.heartbeat(id) }
        #expect(heartbeat?.received == 2 && heartbeat?.marks == ["a\"b", "ж"] && heartbeat?.clock == .synced)
    }

    @Test(arguments: StoreKind.allCases) func `a kiosk's newest visit is kept`(_ kind: StoreKind)
        async throws
    {
        let (scene, id) = try await Self.prepared(kind)
        #expect(try await scene.store.read { try $0.maintenance(of: id) } == nil)
        let visits = [1, 2].map { MaintenanceRow(kiosk: id, number: $0, until: 10 * $0, note: "n\n\($0)") }
        for visit in visits { try await scene.store.write { try $0.put(visit) } }
        #expect(try await scene.store.read { try $0.maintenance(of: id) } == visits[1])
    }

    @Test(arguments: StoreKind.allCases) func `a branch is kept once, events newest first`(_ kind: StoreKind)
        async throws
    {
        let (scene, id) = try await Self.prepared(kind)
        let branch = BranchRow(
            chain: 1, first: 1, last: 2, lastHash: "h", reason: .fork, received: 1, checkpoint: "c",
            lines: Data("x\n".utf8))
        var again = branch
        again.received = 2
        let repeated = again
        let kept = try await scene.store.write { transaction in
            [try transaction.insert(branch), try transaction.insert(repeated)]
        }
        #expect(kept == [true, false])
        #expect(try await scene.store.read { try $0.branches(of: 1) } == [branch])
        try await scene.store.write { transaction in
            for time in 1...3 as ClosedRange<Int64> {
                try transaction.insert(EventRow(time: time, kind: .fork, kiosk: id, epoch: 1, message: "m"))
            }
        }
        #expect(try await scene.store.read { try $0.events(limit: 2).map(\.time) } == [3, 2])
    }

    @Test(arguments: StoreKind.allCases) func `rows without an epoch are named`(_ kind: StoreKind) async throws {
        let (scene, _) = try await Self.prepared(kind)
        try await scene.store.write { try $0.put(BootContact(boot: 1, bootMilliseconds: 1, received: 1), chain: 8) }
        let orphans = try await scene.store.read { try $0.orphans() }
        #expect(orphans.count == 1 && orphans.first?.contains("chain 8") == true)
        #expect(try await scene.store.read { try $0.storageFaults() } == [])
    }

    @Test(arguments: StoreKind.allCases) func `sessions are counted by every dimension`(_ kind: StoreKind) async throws
    {
        let scene = try Scene(kind)
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 5, visit: Visit(source: .queue, window: "9", service: "land"))
        try kiosk.visit(mark: 5)
        try kiosk.visit(mark: 2, flags: ["burst"])
        try kiosk.visit(mark: 1, outcome: .refused)
        try kiosk.visit(mark: nil)
        let session = kiosk.newSession()
        try kiosk.append(.shown(Shown(session: session, questionnaire: "other@2", language: "en", visit: .unsolicited)))
        try kiosk.answer(session, "waiting", 4)
        try kiosk.answer(session, "comfort", nil, pass: .skip)
        try await scene.collector.take(1, kiosk.count, of: &kiosk, now: scene.now)
        let all = try await scene.collector.tallies(TallyQuery(by: []))
        #expect(
            all == [
                Tally(
                    keys: [], marks: [5: 2, 2: 1], shown: 6, outcomes: [.answered: 3, .refused: 1, .timeout: 1],
                    unfinished: 1, flagged: 1, flaggedMarks: [2: 1])
            ])
        let expected: [(TallyDimension, [String: Int])] = [
            (.office, ["office-1": 6]), (.service, ["passports": 5, "land": 1]), (.window, ["1": 5, "9": 1]),
            (.month, ["2025-11": 6]), (.kiosk, ["hall-1": 6]), (.questionnaire, ["default@1": 5, "other@2": 1]),
            (.language, ["ru": 5, "en": 1]), (.source, ["queue": 1, "unsolicited": 5]),
        ]
        for (dimension, shown) in expected {
            let tallies = try await scene.collector.tallies(TallyQuery(by: [dimension]))
            #expect(Dictionary(uniqueKeysWithValues: tallies.map { ($0.keys[0], $0.shown) }) == shown)
        }
        let queue = try await scene.collector.tallies(TallyQuery(by: [.source, .service], sources: [.queue]))
        #expect(queue.map(\.keys) == [["queue", "land"]])
        let none = try await scene.collector.tallies(TallyQuery(by: [.office], from: scene.now))
        #expect(none == [])
        let early = try await scene.collector.tallies(TallyQuery(by: [.office], to: scene.now))
        #expect(early.map(\.shown) == [6])
        let answers = try await scene.collector.answerTallies(TallyQuery(by: [.office]))
        #expect(
            answers == [
                AnswerTally(keys: ["office-1"], question: "comfort", passed: 1),
                AnswerTally(keys: ["office-1"], question: "overall", marks: [5: 2, 2: 1]),
                AnswerTally(keys: ["office-1"], question: "waiting", marks: [4: 1]),
            ])
    }

    @Test(arguments: StoreKind.allCases) func `months begin at midnight of the region`(_ kind: StoreKind) async throws {
        let scene = try Scene(kind)
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 5)
        // 2025-12-31 20:59:59.5 and 21:00:00.5 UTC, as the record was shown 1540 ms before its arrival.
        for received in [1_767_214_799_500, 1_767_214_800_500] as [Int64] {
            let first = kiosk.count - 2
            try await scene.collector.take(first, kiosk.count, of: &kiosk, now: received + 1540)
            try kiosk.visit(mark: 5)
        }
        let moscow = try await scene.collector.tallies(TallyQuery(by: [.month], zoneMinutes: 180))
        #expect(moscow.map(\.keys) == [["2025-12"], ["2026-01"]])
        let utc = try await scene.collector.tallies(TallyQuery(by: [.month]))
        #expect(utc.map(\.keys) == [["2025-12"]])
    }
}
