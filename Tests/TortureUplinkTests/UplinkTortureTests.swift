import Foundation
import RealPrograms
import Testing
import Torture

@testable import TortureUplink

/// The C tier of the part `uplink`: the same tortures as `make torture PART=uplink`, with few tries.
@Suite(.serialized) struct UplinkTortureTests {
    /// Runs `torture` in a folder of its own, which is removed afterwards.
    static func run(
        tries: Int, seed: UInt64 = 1, _ torture: (Trial) async throws -> Tried
    ) async throws -> Tried {
        let place = try Place(under: NSTemporaryDirectory(), programs: Place.ownFolder(), named: "ot")
        defer { place.remove() }
        return try await torture(Trial(seed: seed, tries: tries, place: place))
    }

    @Test func everyRatingArrivesOnceThroughAFailingLine() async throws {
        let row = try await Self.run(tries: 400, NetworkFaults.torture.run)
        #expect(row.isKept, "\(row.details)")
    }
}
