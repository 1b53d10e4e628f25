import Collecting
import Foundation
import Ledger
import RealPrograms
import Testing
import Torture

@testable import TortureCollector

@Suite struct VandalismTortureTests {
    private func trial(_ tries: Int, seed: UInt64) throws -> Trial {
        let place = try Place(
            under: NSTemporaryDirectory().trimmingSuffix("/"), programs: Place.ownFolder(), named: "torture")
        return Trial(seed: seed, tries: tries, place: place)
    }

    @Test func `every vandalism is found from published heads and an export`() async throws {
        let trial = try trial(100, seed: 26)
        defer { trial.place.remove() }
        let row = try await CollectorTortures.vandalism.run(trial)
        #expect(row.isKept, "\(row.details)")
    }

    @Test func `clean stores raise no alarm`() async throws {
        let trial = try trial(5, seed: 26)
        defer { trial.place.remove() }
        let row = try await CollectorTortures.cleanStores.run(trial)
        #expect(row.isKept, "\(row.details)")
    }

    /// Compares the record that the newest list names with the one that stands in its place, and looks at no other.
    private static func headsOnly(_ lists: [SignedHeads], _ lines: [Data]) -> [VerifyFault] {
        struct Epoch: Decodable { var kiosk: String, epoch: Int }
        var records: [String: [Data]] = [:]
        var name = ""
        for line in lines {
            if line.starts(with: Data("epoch ".utf8)) {
                let epoch = try? JSONDecoder().decode(Epoch.self, from: line.dropFirst(6))
                name = epoch.map { "\($0.kiosk)/\($0.epoch)" } ?? ""
            } else if line.first == UInt8(ascii: "{") {
                records[name, default: []].append(line)
            }
        }
        return (lists.last?.list.heads ?? []).filter { $0.sequence > 0 }.compactMap { head in
            let own = records["\(head.kiosk)/\(head.epoch)"] ?? []
            let index = Int(head.sequence) - 1
            if index < own.count, ChainHash(of: own[index]) == head.hash { return nil }
            return VerifyFault(kiosk: head.kiosk, epoch: head.epoch, sequence: head.sequence, what: "another head")
        }
    }

    @Test func `a verifier that believes what the store says of itself is caught`() async throws {
        let trial = try trial(20, seed: 26)
        defer { trial.place.remove() }
        let row = try await CollectorTortures.vandalism(trial) { _, key, lines in Verifier.real([], key, lines) }
        #expect(row.violations > 0)
    }

    @Test func `a verifier that does not follow the chain is caught`() async throws {
        let trial = try trial(20, seed: 26)
        defer { trial.place.remove() }
        let row = try await CollectorTortures.vandalism(trial) { lists, _, lines in Self.headsOnly(lists, lines) }
        #expect(row.violations > 0)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: Character) -> String { last == suffix ? String(dropLast()) : self }
}
