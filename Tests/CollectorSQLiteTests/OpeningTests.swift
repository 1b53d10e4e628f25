import Collecting
import CollectorSQLite
import FakeKiosk
import Foundation
import GRDB
import Ratings
import Testing

@Suite struct OpeningTests {
    private let folder = NSTemporaryDirectory() + "opening-\(UUID().uuidString)"
    private var file: String { folder + "/" + SQLiteCollectorStore.fileName }

    @Test func `a second opener is refused by name while the first goes on`() async throws {
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let error = #expect(throws: StoreError.self) { try SQLiteCollectorStore(folder: folder, create: false) }
        #expect(error?.code == "SQLITE_BUSY")
        #expect(error?.message.contains("is open in process \(getpid())") == true)
        _ = try await Collector.fake(store: store).enrolFake("hall-1", now: 0)
        try store.close()
    }

    @Test func `a folder is free again after its store is gone`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for _ in 1...2 {
            let store = try SQLiteCollectorStore(folder: folder, create: true)
            try store.close()
        }
    }

    @Test func `a missing store names the command that makes one`() {
        let error = #expect(throws: StoreError.self) { try SQLiteCollectorStore(folder: folder, create: false) }
        #expect(error?.message.contains("otsenka-collector init --dir \(folder)") == true)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test func `a file that is no database is left alone`() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text = Data(repeating: UInt8(ascii: "x"), count: 5000)
        try text.write(to: URL(filePath: file))
        let error = #expect(throws: StoreError.self) { try SQLiteCollectorStore(folder: folder, create: false) }
        #expect(error?.code == "SQLITE_NOTADB")
        #expect(try Data(contentsOf: URL(filePath: file)) == text)
    }

    @Test func `a store of a newer version is refused`() throws {
        try SQLiteCollectorStore(folder: folder, create: true).close()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let queue = try DatabaseQueue(path: file)
        try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('9 of the future')") }
        try queue.close()
        let error = #expect(throws: StoreError.self) { try SQLiteCollectorStore(folder: folder, create: false) }
        #expect(error?.message.contains("newer otsenka-collector") == true)
    }

    @Test func `only the owner reads the file, and closing leaves nothing to recover`() async throws {
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var kiosk = try await Collector.fake(store: store).enrolFake("hall-1", now: 0)
        try kiosk.visit(mark: 5)
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try store.close()
        // The WAL stays as a file (SQLITE_FCNTL_PERSIST_WAL), with everything in it moved to the store.
        let wal = try FileManager.default.attributesOfItem(atPath: file + "-wal")
        #expect(wal[.size] as? Int == 0)
    }

    @Test func `readers see the state before a commit and never a part of it`() async throws {
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let collector = Collector.fake(store: store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var kiosk = try await collector.enrolFake("hall-1", now: 0)
                for _ in 1...20 {
                    let first = kiosk.count + 1
                    try kiosk.visit(mark: 5)
                    try await collector.take(first, kiosk.count, of: &kiosk, now: 0)
                }
            }
            for _ in 1...3 {
                group.addTask {
                    for _ in 1...50 {
                        let (head, records) = try await store.read { snapshot in
                            var records: Int64 = 0
                            try snapshot.forEachLine(of: 1) { _, _ in records += 1 }
                            return (try snapshot.epochs().first?.head.sequence ?? 0, records)
                        }
                        #expect(head == records)
                    }
                }
            }
            try await group.waitForAll()
        }
        try store.close()
    }
}

@Suite struct GroupCommitTests {
    private struct Wrong: Error, Equatable { var number: Int }

    @Test func `transactions share commits, and one that fails is undone alone`() async throws {
        let folder = NSTemporaryDirectory() + "group-\(UUID().uuidString)"
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let results = await withTaskGroup(of: (Int, Bool).self) { group in
            for number in 0..<300 {
                group.addTask {
                    do {
                        try await store.write { transaction in
                            try transaction.add(office: Place(id: "o-\(number)", name: "n"))
                            if number % 3 == 0 { throw Wrong(number: number) }
                        }
                        return (number, true)
                    } catch {
                        return (number, error as? Wrong != Wrong(number: number))
                    }
                }
            }
            return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
        }
        #expect(results.allSatisfy { $0.value == ($0.key % 3 != 0) })
        let offices = try await store.read { try $0.offices().map(\.id) }
        #expect(Set(offices) == Set((0..<300).filter { $0 % 3 != 0 }.map { "o-\($0)" }))
        try store.close()
    }

    @Test func `a constraint that fails throws SQLite's own name and leaves the store usable`() async throws {
        let folder = NSTemporaryDirectory() + "group-\(UUID().uuidString)"
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let id = try #require(KioskID(rawValue: "hall-1"))
        let error = await #expect(throws: StoreError.self) {
            try await store.write { transaction in
                try transaction.put(
                    KioskRow(id: id, place: KioskPlace(office: "none", service: "none", window: ""), added: 0))
            }
        }
        #expect(error?.code == "SQLITE_CONSTRAINT")
        #expect(try await store.read { try $0.kiosks() } == [])
        try await store.write { try $0.add(office: Place(id: "o", name: "n")) }
        try store.close()
    }

    @Test func `after a failed disk nothing is taken any more, and reading goes on`() async throws {
        let folder = NSTemporaryDirectory() + "group-\(UUID().uuidString)"
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fault = StoreError(code: "SQLITE_IOERR", message: "as if the disk had failed")
        await #expect(throws: fault) {
            try await store.write { transaction in
                try transaction.add(office: Place(id: "lost", name: "n"))
                throw fault
            }
        }
        #expect(store.failure == fault)
        await #expect(throws: fault) { try await store.write { try $0.add(office: Place(id: "later", name: "n")) } }
        #expect(try await store.read { try $0.offices() } == [])
        try store.close()
    }
}
