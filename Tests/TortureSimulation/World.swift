import Collecting
import Delivery
import Dialog
import FoundationEssentials
import Ledger
import Ratings
import SeededRandom
import Wire

/// What was seen to take effect.
public enum SimulatedFault: String, Sendable, CaseIterable {
    case network, power, kill, disk, damage, rollback, clone, clock, region, restore, enrolment, revocation
    /// Changes of a key, and records that were deleted after their receipt.
    case journalKey, transportKey, receiptKey, compaction
}

/// Everything of one run: the true clock, the randomness, the kiosks, the network, the collector and the oracle.
final class World {
    typealias Happening = () async -> Void

    let subject: Subject
    let oracle = Oracle()
    let mint: Mint
    let log: RunLog
    let scenario: Scenario
    let dialogLimits: DialogLimits
    let deliveryLimits: DeliveryLimits
    let questionnaire: Questionnaire
    private(set) var now: Int64
    private(set) var faults: [SimulatedFault: Int] = [:]
    var boxes: [Box] = []
    var isHealed = false
    var isOver = false
    private(set) var network: Network!
    private(set) var region: Region!
    private(set) var thief: Thief?
    private var random: SplitMix
    private var agenda = Agenda<Happening>()

    /// 2026-11-25 00:00 UTC.
    static let start: Int64 = 1_795_564_800_000

    init(seed: UInt64, subject: Subject, changes: Bool, traces: Bool) throws {
        self.subject = subject
        random = SplitMix(seed)
        mint = Mint(random.next())
        now = Self.start
        oracle.now = now
        log = RunLog(traces: traces, start: now)
        scenario = Scenario(&random, changes: changes)
        questionnaire = scenario.questionnaire
        var dialog = DialogLimits()
        dialog.thanks = 1_000
        dialogLimits = dialog
        var delivery = DeliveryLimits()
        delivery.heartbeatMilliseconds = scenario.heartbeatMilliseconds
        delivery.flushMilliseconds = scenario.flushMilliseconds
        delivery.batchRecords = scenario.batchRecords
        // A run is over before an hour has passed.
        delivery.reviewMilliseconds = scenario.flushMilliseconds
        deliveryLimits = delivery
        network = Network(world: self)
        region = try Region(world: self)
        if changes { thief = Thief(world: self, key: try SigningKey(seed: Data(bytes(32)))) }
    }

    // MARK: Randomness

    /// 0 ..< bound.
    func draw(_ bound: UInt64) -> Int64 { bound > 0 ? Int64(random.next() % bound) : 0 }
    func seed() -> UInt64 { random.next() }
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }

    /// After how many commits the power goes while a journal is opened; nothing in most openings.
    func cutsOpening() -> Int? {
        guard scenario.changesKeys, !isHealed, draw(25) == 0 else { return nil }
        return Int(draw(5))
    }

    // MARK: Time

    func plan(after milliseconds: Int64, _ happening: @escaping Happening) {
        agenda.add(happening, at: now + max(0, milliseconds))
    }

    /// Lets happen what is planned until it is over.
    func run() async {
        while !isOver, let next = agenda.next() {
            now = next.time
            oracle.now = now
            await next.happening()
        }
        agenda = Agenda()
    }

    // MARK: What is seen

    func tell(_ what: @autoclosure () -> String) { log.add(what(), at: now) }
    func count(_ fault: SimulatedFault) { faults[fault, default: 0] += 1 }

    static func answer(_ refusal: Refusal, retryAfter: Int64? = nil) -> Answered {
        Answered(
            status: refusal.error.status, body: (try? JSONEncoder().encode(refusal)) ?? Data(), retryAfter: retryAfter)
    }
}

/// Ids and random bytes from a seed, for closures that must be `Sendable`.
final class Mint: @unchecked Sendable {
    // Unchecked: a simulation is one task.
    private var random: SplitMix

    init(_ seed: UInt64) { random = SplitMix(seed) }

    func next() -> SessionID { SessionID(bits: random.next()) }
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
}

/// How large a run is and what it is made of, drawn from its seed.
struct Scenario {
    let kiosks: Int
    /// How long faults go on, milliseconds.
    let faultTime: Int64
    let faults: Int
    let networkFaultsPerThousand: Int64
    let heartbeatMilliseconds: Int64
    let flushMilliseconds: Int64
    let batchRecords: Int
    /// Between two visitors of a kiosk, on average.
    let visitMilliseconds: Int64
    let questionnaire: Questionnaire
    /// Whether keys are changed.
    let changesKeys: Bool
    /// How long a record is kept after its receipt; nothing where nothing is deleted.
    let keptSeconds: Int64?
    let compactMilliseconds: Int64
    let recordsPerStep: Int64

    /// How far apart older receipts are kept.
    var receiptSpacingSeconds: Int64 { keptSeconds.map { $0 / 8 } ?? 3600 }

    /// Without `changes` it is what the same seed gave before there were changes of keys and compaction.
    init(_ random: inout SplitMix, changes: Bool) {
        func draw(_ bound: UInt64) -> Int64 { Int64(random.next() % bound) }
        kiosks = 1 + Int(draw(3))
        faultTime = (10 + draw(16)) * 60_000
        faults = 3 + Int(draw(10))
        networkFaultsPerThousand = [0, 30, 100, 250][Int(draw(4))]
        heartbeatMilliseconds = (2 + draw(5)) * 60_000
        flushMilliseconds = (30 + draw(90)) * 1_000
        batchRecords = [3, 10, 50, WireLimits.recordsPerBatch][Int(draw(4))]
        visitMilliseconds = (30 + draw(90)) * 1_000
        questionnaire = Self.questionnaire(questions: 1 + Int(draw(3)))
        changesKeys = changes
        let compacts = changes && draw(4) > 0
        let kept = compacts ? 2 * faultTime / 6_000 + draw(240) : nil
        // A run has compaction or restores (`Region.restore`).
        keptSeconds = heartbeatMilliseconds / 60_000 % 2 == 0 ? kept : nil
        compactMilliseconds = changes ? 30_000 + draw(90_000) : 3_600_000
        recordsPerStep = changes ? [2, 7, 500][Int(draw(3))] : 500
    }

    private static func questionnaire(questions: Int) -> Questionnaire {
        Questionnaire(
            id: "simulation", version: 1, languages: ["ru"], languageNames: ["ru": "Русский"],
            questions: ["overall", "waiting", "comfort"].prefix(questions).map { id in
                Question(
                    id: id, text: ["ru": id], mayBeSkipped: id != "overall",
                    options: (1...5).map { Option(value: $0, label: ["ru": "\($0)"], face: nil) })
            })
    }
}
