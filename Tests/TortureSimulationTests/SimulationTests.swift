import Foundation
import Testing
import TortureSimulation

@Suite struct SimulationTests {
    @Test func tryOut() async throws {
        let environment = ProcessInfo.processInfo.environment
        let first = UInt64(environment["SIM_SEED"] ?? "1") ?? 1
        let count = UInt64(environment["SIM_COUNT"] ?? "20") ?? 20
        var faults: [SimulatedFault: Int] = [:]
        let start = ContinuousClock.now
        var records = 0
        var settled: Int64 = 0
        for seed in first..<first + count {
            let simulation = Simulation(seed: seed, traces: environment["SIM_TRACE"] != nil)
            let outcome = try await simulation.run()
            for (fault, n) in outcome.faults { faults[fault, default: 0] += n }
            records += outcome.records
            settled = max(settled, outcome.settled)
            for violation in outcome.violations { print("SEED \(seed): \(violation.prefix(300))") }
        }
        print("TOOK", start.duration(to: .now), records, settled, faults)
    }
}
