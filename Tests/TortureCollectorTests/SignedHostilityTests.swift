import RealPrograms
import Testing
import Torture

@testable import TortureCollector

/// The C tier of G29's signed requests, and the proofs that the harness sees a 5xx and a receipt that nobody should get.
@Suite(.serialized) struct SignedHostilityTests {
    private func trial(_ tries: Int, command: [String] = []) async throws -> Tried {
        let ground = try Ground()
        defer { ground.place.remove() }
        return try await SignedHostility.run(ground.trial(tries, seed: 29), command: command)
    }

    @Test func `whatever a kiosk signs is answered, and receipted only if it continues its chain`() async throws {
        let row = try await trial(200)
        #expect(row.isKept, "\(row.details)")
    }

    @Test func `a collector that answers 500 is caught`() async throws {
        let row = try await trial(80, command: [Programs.path("wrong-collector"), "brittle"])
        #expect(row.faults > 0 && row.violations > 0, "\(row.details)")
        #expect(row.details.contains { $0.contains("answered 500") }, "\(row.details)")
    }

    @Test func `a collector that keeps records twice is caught`() async throws {
        let row = try await trial(60, command: [Programs.path("wrong-collector"), "doubles"])
        #expect(row.faults > 0 && row.violations > 0, "\(row.details)")
    }
}
