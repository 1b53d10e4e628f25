import Collecting
import FakeKiosk
import Foundation
import Ledger
import Ratings
import SeededRandom
import Testing
import Wire

/// The collector against a model that keeps a list of lines and counts by hand.
@Suite struct ModelTests {
    /// What the simplest collector would hold.
    private struct Model {
        var stored: [Data] = []
        var closed = false

        /// Takes lines `first…` of an honest kiosk.
        mutating func take(_ lines: ArraySlice<Data>, first: Int) -> Refusal.Code? {
            if first > stored.count + 1 { return .gap }
            let new = first - 1 + lines.count - stored.count
            if new > 0 { stored += lines.suffix(new) }
            return nil
        }
    }

    @Test(arguments: 1...25) func `random histories of three kiosks end as the model's`(_ seed: UInt64) async throws {
        var random = SplitMix(seed)
        let scene = try Scene(seed: seed)
        var kiosks: [FakeKiosk] = []
        for number in 0..<3 {
            kiosks.append(
                try await scene.collector.enrolFake(
                    "hall-\(number)", office: "office-\(number % 2)", window: "\(number)", now: scene.now,
                    seed: seed &* 10 &+ UInt64(number)))
        }
        var models = Array(repeating: Model(), count: kiosks.count)
        for step in 0..<40 {
            let index = Int(random.next() % 3)
            try Self.live(&kiosks[index], &random)
            scene.now += Int64(random.next() % 100_000)
            let kiosk = kiosks[index]
            guard kiosk.count > 0 else { continue }
            // Mostly the next batch; sometimes any range, repeated, overlapping or too far ahead.
            let honest = random.next() % 3 > 0
            let first = honest ? models[index].stored.count + 1 : 1 + Int(random.next() % UInt64(kiosk.count))
            guard first <= kiosk.lines.count else { continue }
            let last = min(kiosk.lines.count, first + Int(random.next() % 12))
            let refusal = try await scene.collector.take(Int64(first), Int64(last), of: &kiosks[index], now: scene.now)
            let expected = models[index].take(kiosk.lines[(first - 1)..<last], first: first)
            #expect(refusal?.error == expected, "seed \(seed), step \(step)")
        }
        try await Self.compare(scene, kiosks, models, seed)
        let report = await scene.collector.verify()
        #expect(report.faults == [], "seed \(seed)")
    }

    private static func live(_ kiosk: inout FakeKiosk, _ random: inout SplitMix) throws {
        switch random.next() % 8 {
        case 0: try kiosk.reboot()
        case 1: try kiosk.append(.unknown(kind: "hologram"))
        case 2:
            let session = kiosk.newSession()
            try kiosk.append(.shown(Shown(session: session, questionnaire: "d@1", language: "en", visit: .unsolicited)))
            try kiosk.answer(session, "waiting", nil, pass: .skip)
            try kiosk.answer(session, "overall", 2)
        case 3: try kiosk.visit(mark: 4, outcome: .refused)
        case 4: try kiosk.visit(mark: 1, flags: ["burst"])
        case 5:
            try kiosk.visit(mark: 5, visit: Visit(source: .queue, window: "7", service: "land"))
        default: try kiosk.visit(mark: random.next() % 4 == 0 ? nil : Int(1 + random.next() % 5))
        }
    }

    private static func compare(
        _ scene: Scene, _ kiosks: [FakeKiosk], _ models: [Model], _ seed: UInt64
    ) async throws {
        var expected: [[String]: Tally] = [:]
        for (index, (kiosk, model)) in zip(kiosks, models).enumerated() {
            let (lines, head) = try await scene.store.read { snapshot in
                var lines: [Data] = []
                guard let epoch = try snapshot.epoch(kiosk.id, 1) else { return (lines, Int64(-1)) }
                try snapshot.forEachLine(of: epoch.chain) { _, line in lines.append(line) }
                return (lines, epoch.head.sequence)
            }
            #expect(lines == model.stored, "seed \(seed)")
            #expect(head == Int64(model.stored.count))
            count(model.stored, office: "office-\(index % 2)", window: "\(index)", in: &expected)
        }
        let tallies = try await scene.collector.tallies(TallyQuery(by: [.office, .service, .window]))
        #expect(tallies.map(\.keys) == expected.keys.sorted { $0.lexicographicallyPrecedes($1) }, "seed \(seed)")
        for var tally in tallies {
            tally.uncertain = 0
            #expect(tally == expected[tally.keys], "seed \(seed)")
        }
        let ratings = try await scene.collector.summary().ratings
        #expect(ratings == expected.values.map(\.ratings).reduce(0, +))
    }

    /// Counts with dictionaries, session by session, what the store counts with SQL.
    private static func count(
        _ lines: [Data], office: String, window: String, in tallies: inout [[String]: Tally]
    ) {
        struct Session {
            var keys: [String]
            var mark: Int?
            var outcome: Outcome?
            var isFlagged = false
        }
        var sessions: [SessionID: Session] = [:]
        for line in lines {
            guard let record = try? Record(line: line) else { continue }
            switch record.body {
            case .shown(let shown):
                sessions[shown.session] = Session(
                    keys: [office, shown.visit.service ?? "passports", shown.visit.window ?? window])
            case .answer(let answer) where answer.question == "overall":
                sessions[answer.session]?.mark = answer.value
            case .session(let end):
                sessions[end.session]?.outcome = end.outcome
                sessions[end.session]?.isFlagged = end.flags != nil
            default: break
            }
        }
        for session in sessions.values {
            var tally = tallies[session.keys] ?? Tally(keys: session.keys)
            tally.shown += 1
            if let outcome = session.outcome {
                tally.outcomes[outcome, default: 0] += 1
            } else {
                tally.unfinished += 1
            }
            if let mark = session.mark, session.outcome != .refused {
                tally.marks[mark, default: 0] += 1
                if session.isFlagged {
                    tally.flagged += 1
                    tally.flaggedMarks[mark, default: 0] += 1
                }
            }
            tallies[session.keys] = tally
        }
    }
}
