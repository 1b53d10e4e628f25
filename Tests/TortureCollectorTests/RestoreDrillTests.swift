import Foundation
import RealPrograms
import Testing
import Torture

@testable import TortureCollector

/// A folder for one test, and the programs beside the tests.
struct Ground {
    let place: Place

    init() throws {
        let bundle = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        place = try Place(
            under: NSTemporaryDirectory(), programs: bundle.deletingLastPathComponent().path, named: "torture")
    }

    func trial(_ tries: Int, seed: UInt64 = 1) -> Trial { Trial(seed: seed, tries: tries, place: place) }
}

@Suite struct RestoreDrillTests {
    @Test("What was receipted after the backup comes back from the kiosks, and the reports say what was pressed")
    func restored() async throws {
        let ground = try Ground()
        defer { ground.place.remove() }
        let row = try RestoreDrill.run(ground.trial(2, seed: 25))
        #expect(row.isKept, "\(row.details)")
    }

    @Test("A kiosk that deletes what was receipted is found out")
    func forgetful() async throws {
        let ground = try Ground()
        defer { ground.place.remove() }
        let row = try RestoreDrill.run(ground.trial(2, seed: 25), forgetful: true)
        #expect(row.violations > 0)
    }
}
