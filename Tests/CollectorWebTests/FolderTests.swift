import Collecting
import Foundation
import Reporting
import Testing

@testable import CollectorWeb

@Suite struct FolderTests {
    private func temporary(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "otsenka-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @discardableResult
    private func make(_ path: String, name: String = "a.example") throws -> DataFolder {
        try DataFolder.create(path, name: name, hosts: ["a.example", "127.0.0.1"], now: 1_795_336_800)
    }

    @Test("A new folder and every file in it are the owner's alone, and it opens with the same keys")
    func create() throws {
        try temporary { path in
            let made = try make(path)
            let names = try FileManager.default.contentsOfDirectory(atPath: path)
            #expect(
                Set(names) == [
                    "collector.json", "receipt.key", "authority.key", "authority.pem", "server.key", "server.pem",
                ])
            for name in names {
                let mode =
                    try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(name)")
            }
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o700)
            let opened = try DataFolder(path)
            #expect(opened.receiptKey.publicKey == made.receiptKey.publicKey)
            #expect(opened.settings.name == "a.example")
            #expect(try opened.pin().hasPrefix("sha256//"))
        }
    }

    private func failure(_ work: () throws -> Void) -> CollectorFailure? {
        do {
            try work()
            return nil
        } catch { return error as? CollectorFailure }
    }

    @Test("A second collector in the same folder is refused and changes nothing")
    func twice() throws {
        try temporary { path in
            let first = try make(path)
            #expect(failure { try make(path) }?.kind == .cannotCreate)
            #expect(try DataFolder(path).receiptKey.publicKey == first.receiptKey.publicKey)
        }
    }

    @Test(
        "A folder that is missing, or whose files are damaged, is named with what to do",
        arguments: ["none", "collector.json", "receipt.key", "server.key"])
    func damaged(file: String) throws {
        try temporary { path in
            if file != "none" {
                try make(path)
                try Data("{}".utf8).write(to: URL(filePath: "\(path)/\(file)"))
            }
            let failure = try #require(
                failure {
                    let folder = try DataFolder(path)
                    _ = try folder.pin()
                })
            #expect(failure.kind == .configuration)
            #expect(failure.message.contains(path) && failure.message.contains(";"))
        }
    }

    @Test(
        "A name that could not stand in a signature is refused",
        arguments: ["", "Перм", "a b", "a+b", "-a", "a.", "A", String(repeating: "a", count: 65)])
    func names(name: String) throws {
        try temporary { path in
            #expect(failure { try make(path, name: name) }?.kind == .usage)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test(
        "Plain HTTP is for loopback alone",
        arguments: [
            ("127.0.0.1", true), ("127.8.8.8", true), ("localhost", true), ("LOCALHOST", true), ("::1", true),
            ("0.0.0.0", false), ("::", false), ("192.168.1.5", false), ("localhost.example", false),
            ("127.0.0.1.example", false), ("127.1", false), ("", false), ("::ffff:127.0.0.1", false),
        ] as [(String, Bool)])
    func plain(host: String, allowed: Bool) {
        let refusal = failure { _ = try Listener(plainLoopback: host, port: 8080) }
        #expect((refusal == nil) == allowed)
        if let refusal { #expect(refusal.kind == .usage) }
    }

    @Test("The name of a host becomes an id in Latin letters; another place with that id gets a number")
    func places() {
        let first = PlaceID.place(named: "МФЦ «Центральный», зал № 2", among: [])
        #expect(first == Place(id: "mfts-tsentralnyi-zal-2", name: "МФЦ «Центральный», зал № 2"))
        #expect(PlaceID.place(named: first.name, among: [first]) == first)
        #expect(PlaceID.place(named: "МФЦ Центральный зал 2", among: [first]).id == "mfts-tsentralnyi-zal-2-2")
        #expect(PlaceID.slug("№ !") == "place")
        #expect(PlaceID.slug(String(repeating: "щ", count: 100)).count == 40)
    }
}
