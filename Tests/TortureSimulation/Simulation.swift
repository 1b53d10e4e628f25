import FoundationEssentials
import Glibc
import Ledger
import Ratings

/// One run of the simulator: the same seed gives the same run, to the last event.
public struct Simulation: Sendable {
    public var seed: UInt64
    public var subject = Subject.product
    /// Whether keys are changed and receipted records deleted.
    public var changes: Bool
    /// Tells everything that happens on standard error.
    public var traces = false

    /// `OTSENKA_SIMULATION_TRACE` in the environment traces too.
    public init(seed: UInt64, subject: Subject = .product, changes: Bool = true, traces: Bool = false) {
        self.seed = seed
        self.changes = changes
        self.subject = subject
        self.traces = traces || getenv("OTSENKA_SIMULATION_TRACE") != nil
    }

    /// What came of it.
    public struct Outcome: Sendable {
        public var violations: [String]
        public var faults: [SimulatedFault: Int]
        /// Over every event in its order.
        public var hash: UInt64
        /// Records that the collector held in the end.
        public var records: Int
        /// From the stop of faults until everything was receipted, milliseconds of virtual time.
        public var settled: Int64
    }

    /// After faults stop, everything that can be sent is receipted within this time: an hour of a `Retry-After`, back-off
    /// at its cap, and a technician who comes after five minutes (`reliability.md` §7).
    public static let livenessMilliseconds: Int64 = 3 * 3_600_000

    public func run() async throws -> Outcome {
        let world = try World(seed: seed, subject: subject, changes: changes, traces: traces)
        try await world.open()
        world.planFaults()
        var healed: Int64 = 0
        var settled: Int64 = 0
        world.plan(after: world.scenario.faultTime + 120_000) { [unowned world] in
            await world.heal()
            healed = world.now
            func look() {
                world.plan(after: 30_000) { [unowned world] in
                    let isSettled = world.isSettled
                    guard isSettled || world.now - healed > Self.livenessMilliseconds else { return look() }
                    if !isSettled { world.oracle.violate("not everything was receipted in time: \(world.unsettled)") }
                    settled = world.now - healed
                    world.isOver = true
                }
            }
            world.plan(after: 300_000) { look() }
        }
        await world.run()
        await Judgement(world: world).judge()
        let state = world.region.memory.state
        return Outcome(
            violations: world.oracle.violations, faults: world.faults, hash: world.log.hash,
            records: state.chains.values.reduce(0) { $0 + $1.lines.count }, settled: settled)
    }
}

extension World {
    /// Chains that wait for a receipt which they must get.
    var unsettled: String {
        boxes.filter { !$0.isClone }.flatMap { box -> [String] in
            guard box.run != nil, let chains = box.disk.written.store?.epochs, !chains.isEmpty else {
                return ["\(box.name) does not run"]
            }
            return chains.filter { chain in
                let known = oracle.chains[Oracle.key(chain.enrolment.genesis)]
                let isMissing = region.head(of: chain.enrolment.genesis) < chain.receipted
                return (chain.unsent > 0 || isMissing) && known?.excuse == nil && known?.isForked == false
            }.map { "\(box.name), epoch \($0.number): \($0.receipted) of \($0.head.sequence)" }
        }.joined(separator: "; ")
    }

    var isSettled: Bool { unsettled.isEmpty }
}
