import Collecting
import CollectorSQLite
import FakeKiosk
import Foundation
import Testing

@testable import CollectorWeb

@Suite struct BackupTests {
    private func path(_ name: String) -> String { NSTemporaryDirectory() + "otsenka-\(UUID().uuidString)-\(name)" }

    @Test(
        "A backup is one private file with the keys; it is never overwritten, and gets its name only when it is right")
    func whole() async throws {
        let stage = try Stage()
        let target = path("backup")
        defer { try? FileManager.default.removeItem(atPath: target) }
        try await stage.test { client in
            var kiosk = try await stage.enrolled(client)
            for _ in 0..<5 { try kiosk.visit(mark: 5) }
            _ = try await client.send(try kiosk.upload(1, kiosk.count))
        }
        let verdict = try await stage.staff.backUp(to: target) { _ in }
        #expect(verdict.clean && verdict.records == 15)
        #expect(try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int == 0o600)
        #expect(!FileManager.default.fileExists(atPath: target + ".partial"))
        let contents = try BackupContents(of: target)
        #expect(contents.made == stage.now)
        let names = Set(contents.files.map(\.name))
        #expect(names.isSuperset(of: ["collector.json", "receipt.key", "authority.key", "server.key"]))
        await #expect(throws: StoreError.self) { try await stage.staff.backUp(to: target) { _ in } }
        // The store that is restored holds no key, not even in a page that is not used any more.
        let folder = path("restored")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let staging = try DataFolder.prepareRestoration(of: folder)
        try SQLiteCollectorStore.restore(target, into: staging)
        try DataFolder.write(contents.files, to: staging)
        #expect(!FileManager.default.fileExists(atPath: folder))
        try DataFolder.finishRestoration(of: folder, from: staging)
        #expect(try DataFolder(folder).receiptKey.publicKey == stage.folder.receiptKey.publicKey)
        let pages = try Data(contentsOf: URL(filePath: folder + "/collector.db"))
        let seed = Data(stage.folder.receiptKey.seed.base64EncodedString().utf8)
        #expect(pages.range(of: seed) == nil)
        #expect(try Data(contentsOf: URL(filePath: target)).range(of: seed) != nil)
    }

    @Test("Beside uploads, a backup holds one state of the store")
    func beside() async throws {
        let stage = try Stage()
        let target = path("backup")
        defer { try? FileManager.default.removeItem(atPath: target) }
        try await stage.test { client in
            var kiosk = try await stage.enrolled(client)
            let began = try stage.staff.beginBackup(to: target)
            #expect(began.path == target)
            for _ in 0..<20 {
                let first = kiosk.count + 1
                try kiosk.visit(mark: 4)
                #expect(try await client.send(try kiosk.upload(first, kiosk.count)).status == .ok)
            }
        }
        while try !stage.staff.backupState().isOver { try await Task.sleep(for: .milliseconds(5)) }
        let state = try stage.staff.backupState()
        #expect(state.verdict?.clean == true, "\(state)")
    }

    @Test("What is no backup is refused", arguments: ["nothing", "text", "store"])
    func foreign(kind: String) async throws {
        let stage = try Stage()
        let file = kind == "store" ? stage.folder.path + "/collector.db" : path("file")
        if kind == "text" { try Data("not a database".utf8).write(to: URL(filePath: file)) }
        #expect(throws: StoreError.self) { try BackupContents(of: file) }
    }

    @Test("A folder that holds a collector is not restored into")
    func occupied() throws {
        let stage = try Stage()
        #expect(throws: CollectorFailure.self) { try DataFolder.prepareRestoration(of: stage.folder.path) }
    }
}
