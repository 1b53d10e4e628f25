import Torture

/// The part `simulation`.
public enum SimulationTortures {
    public static let all: [Torture] = [Torture("G43 simulation", tries: 20_000, run: simulate)]

    /// So many seeds run at once: the machines that this is sized for have two cores.
    private static let cores = 2

    /// Runs seeds from the trial's on, one for each try.
    @Sendable static func simulate(_ trial: Trial) async throws -> Tried {
        try await simulate(seeds: trial.tries, from: trial.seed, progress: trial.progress).row
    }

    /// A row of the table, and how often each kind of fault took effect.
    struct Simulated {
        var row: Tried
        var faults: [SimulatedFault: Int] = [:]
    }

    static func simulate(
        seeds tries: Int, from first: UInt64, progress: Progress = Progress(quiet: true)
    ) async throws -> Simulated {
        var simulated = Simulated(row: Tried("G43 simulation", seed: first))
        try await withThrowingTaskGroup(of: (UInt64, Simulation.Outcome).self) { group in
            var next = 0
            func start() {
                guard next < tries else { return }
                let seed = first &+ UInt64(next)
                next += 1
                group.addTask { (seed, try await Simulation(seed: seed).run()) }
            }
            for _ in 0..<cores { start() }
            while let (seed, outcome) = try await group.next() {
                start()
                simulated.row.add(seed, outcome)
                simulated.faults.merge(outcome.faults, uniquingKeysWith: +)
                for violation in outcome.violations.prefix(1) { progress.line("seed \(seed): \(violation)") }
                progress.tell(simulated.row, of: tries)
            }
        }
        return simulated
    }
}

extension Tried {
    mutating func add(_ seed: UInt64, _ outcome: Simulation.Outcome) {
        tries += 1
        faults += outcome.faults.values.reduce(0, +)
        // One seed is one violation, however much follows from it.
        guard let first = outcome.violations.first else { return }
        violate("seed \(seed): \(first) (OTSENKA_SIMULATION_TRACE=1 make torture PART=simulation SEED=\(seed) TRIES=1)")
    }
}
