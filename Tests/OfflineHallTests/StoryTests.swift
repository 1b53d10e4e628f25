import FoundationEssentials
import RealPrograms
import Testing
import Torture
import TortureUplink

/// The C tier of G22 over modules; `ProgramTests` is the same over real programs.
@Suite(.serialized) struct StoryTests {
    @Test func recordsFromAHallWithoutANetworkArriveOnceAndUnchanged() async throws {
        let place = try Folder.place()
        defer { place.remove() }
        let row = try await OfflineHalls.torture.run(Trial(seed: 22, tries: 12, place: place))
        #expect(row.violations == 0, "\(row.details)")
        #expect(row.faults > 100)
    }
}

enum Folder {
    /// The programs stand where SwiftPM builds them; the folder's name is short because sockets are in it.
    static func place() throws -> Place {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try Place(
            under: ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp",
            programs: root.appending(path: ".build/debug").path, named: "offline")
    }
}
