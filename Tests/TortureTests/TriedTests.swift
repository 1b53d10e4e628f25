import Foundation
import Testing
import Torture

@Suite struct TriedTests {
    @Test func aTortureWhoseFaultsNeverTookEffectIsNotKept() {
        #expect(!Tried("G1 kill", tries: 5, faults: 0, seed: 1).isKept)
        #expect(!Tried("G1 kill", tries: 0, faults: 5, seed: 1).isKept)
        #expect(!Tried("G1 kill", tries: 5, faults: 5, violations: 1, seed: 1).isKept)
        #expect(Tried("G1 kill", tries: 5, faults: 5, seed: 1).isKept)
    }

    @Test func aNewRunTakesThePlaceOfTheOldOneInTheFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "torture-\(UUID()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Tried.write([Tried("G1 kill", tries: 1, seed: 1), Tried("G3 crash", tries: 2, seed: 1)], to: path)
        try Tried.write([Tried("G1 kill", tries: 7, faults: 7, seed: 3)], to: path)
        let rows = try JSONDecoder().decode([Tried].self, from: Data(contentsOf: URL(filePath: path)))
        #expect(rows.map(\.promise) == ["G3 crash", "G1 kill"])
        #expect(rows.last?.tries == 7)
    }
}
