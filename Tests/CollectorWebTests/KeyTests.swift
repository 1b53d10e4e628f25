import Collecting
import Curl
import Foundation
import Ledger
import NIOCore
import Testing
import Wire

@testable import CollectorWeb

/// The collector's own keys: the folder, the routes, and real TLS.
@Suite struct KeyTests {
    private func temporary(_ body: (DataFolder) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "otsenka-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(
            try DataFolder.create(path, name: "a.example", hosts: ["localhost", "127.0.0.1"], now: 1_795_336_800))
    }

    @Test("A changed receipt key is the folder's from then on, and the old private key is gone")
    func receiptKey() throws {
        try temporary { first in
            var folder = first
            for generation in 2...4 {
                folder = try folder.changingReceiptKey(now: 1_795_336_800)
                let opened = try DataFolder(folder.path)
                #expect(opened.receiptKey.publicKey == folder.receiptKey.publicKey)
                let identity = CollectorIdentity(opened, authority: nil)
                #expect(identity.receiptKeys.count == generation)
                #expect(identity.receiptKeys.first == folder.receiptKey.publicKey)
                #expect(identity.receiptKeys.last == first.receiptKey.publicKey)
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names.filter { $0.hasPrefix("receipt") } == ["receipt-4.key"])
            #expect(Set(try folder.filesToKeep().map(\.name)) == Set(names))
        }
    }

    @Test("A change that was cut off before its succession was there changes nothing, and is made anew")
    func cutOff() throws {
        try temporary { first in
            try Data("half a key".utf8).write(to: URL(filePath: first.path + "/receipt-2.key"))
            try Data("half a list".utf8).write(to: URL(filePath: first.path + "/successions.new"))
            #expect(try DataFolder(first.path).receiptKey.publicKey == first.receiptKey.publicKey)
            let changed = try first.changingReceiptKey(now: 1)
            #expect(changed.receiptKey.publicKey != first.receiptKey.publicKey)
            // Cut off after the change: the old key's file is still there, and nobody reads it.
            try PrivateFile.create(first.path + "/receipt.key", first.receiptKey.seed.base64EncodedString())
            #expect(try DataFolder(first.path).receiptKey.publicKey == changed.receiptKey.publicKey)
        }
    }

    @Test("Only the succession of a release key that both its keys signed is published")
    func publish() throws {
        try temporary { folder in
            let (old, new) = (SigningKey(), SigningKey())
            func note(by signer: SigningKey, _ role: KeyRole = .release) throws -> String {
                try KeySuccession(
                    role, of: "otsenka.release", generation: 2, from: old.publicKey, to: new, time: 1,
                    signedBy: [signer]
                ).serialized
            }
            #expect(throws: CollectorFailure.self) { try folder.publishing(note(by: new)) }
            #expect(throws: CollectorFailure.self) { try folder.publishing(note(by: old, .receipt)) }
            let published = try folder.publishing(note(by: old))
            #expect(published.successions.count == 1)
            #expect(try published.publishing(note(by: old)).successions.count == 1)
        }
    }

    @Test("What is published leads from the first receipt key to the present one")
    func published() async throws {
        let stage = try Stage()
        let first = stage.folder.receiptKey.publicKey
        let before = try await stage.test { client in try await client.text("/v1/keys") }
        #expect(try JSONDecoder().decode(PublishedKeys.self, from: Data(before.utf8)).successions.isEmpty)
        #expect(try await stage.staff.change(.rotateReceipt).receiptGeneration == 2)
        #expect(try await stage.staff.change(.rotateAuthority).authorityGeneration == 2)
        #expect(try await stage.staff.change(.rotateReceipt).receiptGeneration == 3)
        let text = try await stage.test { client in try await client.text("/v1/keys") }
        let keys = try JSONDecoder().decode(PublishedKeys.self, from: Data(text.utf8))
        let steps = try keys.successions.map { try KeySuccession(parsing: $0) }
        #expect(
            KeySuccession.keys(.receipt, of: "test.example", from: first, over: steps).last == keys.receiptKey)
        // The newest receipt key stands for the authority, though an older one was there when it came.
        try #require(steps.first { $0.role == .pin }).verify(by: keys.receiptKey)
        #expect(await stage.staff.verify().clean)
        #expect(try await stage.staff.events(limit: 9).filter { $0.kind == "key_changed" }.count == 3)
    }

    @Test("Whoever believes any earlier authority connects over TLS; whoever believes another one does not")
    func authority() async throws {
        try await Result(blocking: { try authorityOverTLS() }).get()
    }

    private func authorityOverTLS() throws {
        try temporary { first in
            let ground = try ServedFolder(first.path)
            var authorities = [try first.authorityCertificate()]
            for generation in 1...3 {
                for authority in authorities {
                    #expect(try ground.asks(believing: authority) == nil, "generation \(generation)")
                }
                let stranger = try Authority(collector: "a.example", hosts: ["localhost"], now: 1_795_336_800)
                let refusal = try ground.asks(believing: stranger.certificate)
                #expect(refusal?.hasPrefix("CURLE_") == true, "\(refusal ?? "it was believed")")
                // Through the running program, without a restart.
                try ground.rotateAuthority()
                authorities.append(try DataFolder(first.path).authorityCertificate())
            }
            #expect(Set(authorities).count == 4)
        }
    }
}

/// A real collector that serves a folder over TLS.
private final class ServedFolder {
    private let process = Process()
    private let folder: String
    private let address: String
    private static let program: URL = {
        let bundle = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        return bundle.deletingLastPathComponent().appending(path: "otsenka-collector")
    }()

    init(_ folder: String) throws {
        self.folder = folder
        // The folder was made here, without its store.
        try Data().write(to: URL(filePath: folder + "/collector.db"))
        let output = Pipe()
        process.executableURL = Self.program
        process.arguments = ["serve", "--dir", folder, "--host", "127.0.0.1", "--port", "0"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        address = line.split(separator: " ").last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? ""
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    /// Why it is not reached; nothing if it answers.
    func asks(believing authority: String) throws -> String? {
        do throws(CurlError) {
            let session = try CurlSession(channel: .tls(authority: authority, pin: nil))
            try session.verifyCertificates(at: 1_795_336_900)
            let response = try session.perform(
                CurlRequest(method: "GET", url: address + Routes.keys, fields: [], body: nil))
            return response.status == 200 ? nil : "\(response.status)"
        } catch {
            return error.codeName ?? "\(error)"
        }
    }

    func rotateAuthority() throws {
        let rotation = Process()
        rotation.executableURL = Self.program
        rotation.arguments = ["key", "rotate", "authority", "--dir", folder]
        rotation.standardOutput = FileHandle.nullDevice
        try rotation.run()
        rotation.waitUntilExit()
        #expect(rotation.terminationStatus == 0)
    }
}
