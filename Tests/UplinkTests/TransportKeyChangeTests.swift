import Foundation
import KioskControl
import Ledger
import Ratings
import Testing

@testable import Uplink

@Suite struct TransportKeyChangeTests {
    /// A journal that was lost asks for generation 2 again; the collector would never hear a key of one that it knows.
    @Test func aLostJournalRepeatsNoGeneration() throws {
        let path = FileManager.default.temporaryDirectory.path + "/state-\(UUID().uuidString)"
        let folder = StateFolder(path: path)
        try folder.create()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (journal, first, second) = (SigningKey(), SigningKey(), SigningKey())
        try folder.write(
            second,
            succession: try KeySuccession(
                .transport, of: "hall-1", generation: 3, from: first.publicKey, to: second, time: 1,
                signedBy: [journal]))
        let status = KioskStatus(
            kiosk: KioskID(rawValue: "hall-1"), epoch: 2, collector: nil, screen: "idle", records: 1,
            receipted: 1, unsent: 0, devices: [], display: "", marks: [], program: "test",
            now: KioskTime(boot: 1, bootMilliseconds: 0, wall: "2026-11-22T12:00:00.000Z", clock: .synced))
        try TransportKeyChange.perform(stateFolder: path, seconds: 2) { request in
            switch request {
            case .status: .status(status)
            case .transportGeneration: .generation(2)
            case .vouch(let note): .succession(note: try KeySuccession(parsing: note).signed(with: journal).serialized)
            default: .done
            }
        }
        #expect(try folder.transportSuccession()?.generation == 4)
        #expect(try folder.transportKey()?.publicKey == folder.transportSuccession()?.newKey)
    }
}
