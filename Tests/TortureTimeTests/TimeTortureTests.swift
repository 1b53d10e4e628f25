import Foundation
import RealPrograms
import Testing
import Torture

@testable import TortureTime

/// The C tier of time: the same tortures with few tries, and the proofs that they see what is wrong.
@Suite(.serialized) struct TimeTortureTests {
    private let place: Place

    init() throws {
        place = try Place(under: "/var/tmp", programs: Self.programs(), named: "otsenka-time")
    }

    private static func programs() throws -> String {
        #filePath.components(separatedBy: "/Tests/")[0] + "/.build/debug"
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `stories with wrong clocks keep order and time`(seed: UInt64) async throws {
        defer { place.remove() }
        let row = try await WrongClocks.run(Trial(seed: seed, tries: 200, place: place))
        #expect(row.isKept, "\(row.details)")
    }

    /// Wrong on purpose: a wall clock for a boot clock, steps that are forgotten, wall times and intervals that are mended.
    @Test(arguments: TimeSubject.allCases.filter { $0 != .product })
    func `what is wrong on purpose is caught`(_ subject: TimeSubject) async throws {
        defer { place.remove() }
        let row = try await WrongClocks.run(Trial(seed: 1, tries: 60, place: place), subject: subject)
        #expect(row.violations > 0)
    }

    @Test func `real programs in time namespaces keep order and time`() async throws {
        defer { place.remove() }
        let row = try await RealClocks.run(Trial(seed: 4, tries: 8, place: place))
        #expect(row.isKept, "\(row.details)")
    }

    @Test func `only a certificate that holds is taken, whatever the clock says`() async throws {
        defer { place.remove() }
        let row = try await WrongCertificates.run(Trial(seed: 1, tries: 16, place: place))
        #expect(row.isKept, "\(row.details)")
    }

    /// An uplink that judges certificates by the machine's clock takes what ended and refuses what holds.
    @Test func `an uplink that believes the wall clock is caught`() async throws {
        defer { place.remove() }
        let row = try await WrongCertificates.run(
            Trial(seed: 1, tries: 16, place: place), uplink: "hasty-uplink",
            options: ["--trust-wall-clock"])
        #expect(row.violations > 0)
    }
}
