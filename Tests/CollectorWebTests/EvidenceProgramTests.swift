import Collecting
import CollectorSQLite
import FakeKiosk
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import Testing
import Wire

@testable import CollectorWeb

/// Heads, exports, witnesses and the auditor's page: with the real program, real shells and real OpenSSL.
@Suite struct EvidenceProgramTests {
    struct Ended {
        var status: Int32
        var output: String
        var error: String
    }

    private static let program: String = {
        let bundle = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        return bundle.deletingLastPathComponent().appending(path: "otsenka-collector").path
    }()

    private static func run(_ arguments: [String], in folder: String) throws -> Ended {
        let process = Process()
        let (output, error) = (folder + "/stdout", folder + "/stderr")
        for file in [output, error] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder)
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: error)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return Ended(
            status: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
            error: try String(contentsOfFile: error, encoding: .utf8))
    }

    private static func collector(_ arguments: String..., in folder: String) throws -> Ended {
        try run([program] + arguments, in: folder)
    }

    /// A region with two kiosks, its lists of three days, an export, and the page.
    private struct Region {
        let stage: Stage
        let folder: String
        var key: String { stage.folder.receiptKey.publicKey.base64 }

        init() async throws {
            stage = try Stage()
            folder = stage.folder.path + "-work"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for number in 1...2 {
                var kiosk = try await stage.collector.enrolFake("hall-\(number)", now: stage.now)
                for day in 1...3 {
                    let sent = kiosk.count
                    try kiosk.fill(upTo: sent + 9)
                    try await stage.collector.take(sent + 1, kiosk.count, of: &kiosk, now: stage.now)
                    if number == 2 { try await heads("day-\(day).txt", daysLater: Int64(day)) }
                }
            }
            try Data(await export().utf8).write(to: URL(filePath: folder + "/export.txt"))
        }

        @discardableResult
        func heads(_ file: String, daysLater days: Int64) async throws -> SignedHeads {
            let now = stage.now + days * 86_400_000
            let made = try await stage.collector.makeHeads(day: DailyHeads.day(now), now: now)
            try Data(made.serialized.utf8).write(to: URL(filePath: "\(folder)/\(file)"))
            return made
        }

        func export() async throws -> String {
            var (text, count) = ("", 0)
            var piece = try await stage.collector.exportPiece(now: stage.now + 9 * 86_400_000)
            while true {
                text += String(decoding: piece.lines, as: UTF8.self)
                guard let next = piece.next else { break }
                piece = try await stage.collector.exportPiece(at: next, now: stage.now)
            }
            count = text.split(separator: "\n").count
            return text + "end \(count)\n"
        }
    }

    private func verify(_ region: Region, _ export: String = "export.txt", _ heads: String...) throws -> Ended {
        try Self.run(
            [Self.program, "verify", "--export", export, "--key", region.key, "--name", "test.example"]
                + heads.flatMap { ["--heads", $0] }, in: region.folder)
    }

    @Test func `an export is verified with published lists and a key, without the collector`() async throws {
        let region = try await Region()
        let clean = try verify(region, "export.txt", "day-1.txt", "day-3.txt")
        #expect(clean.status == 0 && clean.output.contains(" records in 2 chains of 2 kiosks"), "\(clean)")
        let text = try String(contentsOfFile: region.folder + "/export.txt", encoding: .utf8)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("epoch ") && $0.contains(#""kiosk":"hall-2""#) })
        let line = try #require(lines[start...].firstIndex { $0.contains(#""seq":12,"#) })
        lines[line] = Substring(lines[line].replacing(#""boot":1"#, with: #""boot":2"#))
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: region.folder + "/changed.txt"))
        let changed = try verify(region, "changed.txt", "day-1.txt")
        #expect(changed.status == 65 && changed.error.contains("kiosk hall-2, epoch 1, record 12"), "\(changed)")
        let foreign = try Self.run(
            [Self.program, "verify", "--export", "export.txt", "--key", SigningKey().publicKey.base64],
            in: region.folder)
        #expect(foreign.status == 65 && foreign.error.contains("another receipt key"), "\(foreign)")
    }

    @Test func `what the auditor's page says works, in both languages, and a changed press is seen`() async throws {
        let region = try await Region()
        try FileManager.default.copyItem(
            atPath: region.folder + "/day-3.txt", toPath: region.folder + "/list.txt")
        try await region.stage.test { client in
            for language in ["ru", "en"] {
                let page = try await client.text("/audit?lang=\(language)")
                let commands = Self.commands(on: page)
                #expect(commands.count == 10)
                #expect(commands[0].contains("KEY='\(region.key)'") && commands[1].contains("/v1/heads/newest"))
                // The list is at hand, and the last two are our own program's.
                let script = ([commands[0]] + commands[2...7]).joined(separator: "\n")
                let ended = try Self.run(["sh", "-euc", script], in: region.folder)
                #expect(ended.status == 0, "\(ended.error)")
                #expect(ended.output.components(separatedBy: "Signature Verified Successfully").count == 3, "\(ended)")
                #expect(ended.output.contains("THE CHAIN HOLDS"), "\(ended.output)")
                let hash = try #require(ended.output.split(separator: "\n").first { $0.hasPrefix(#""prev":""#) })
                #expect(ended.output.components(separatedBy: hash.dropFirst(8).dropLast()).count >= 3)
            }
            #expect(try await client.text("/").contains("/audit"))
        }
        let text = try String(contentsOfFile: region.folder + "/export.txt", encoding: .utf8)
        let changed = text.replacing(#""seq":5,"#, with: #""seq": 5,"#)
        try Data(changed.utf8).write(to: URL(filePath: region.folder + "/export.txt"))
        let commands = AuditCommands(collector: "test.example", key: region.key)
        let script = [commands.facts, commands.signature, commands.press, commands.chain].joined(separator: "\n")
        let ended = try Self.run(["sh", "-euc", script], in: region.folder)
        #expect(ended.output.contains("RECORD 6 DOES NOT FOLLOW") && !ended.output.contains("HOLDS"), "\(ended)")
    }

    /// What stands in the page's boxes of commands.
    private static func commands(on page: String) -> [String] {
        page.components(separatedBy: "<pre><code>").dropFirst().map { part in
            (part.components(separatedBy: "</code></pre>").first ?? "")
                .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
                .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
        }
    }

    @Test func `a region that rewrites its past is refused by the witness, and both lists are shown`() async throws {
        let region = try await Region()
        let folder = region.folder
        #expect(
            try Self.collector("witness", "init", "--dir", folder + "/w", "--name", "w.example", in: folder).status == 0
        )
        let add = ["witness", "add", "--dir", folder + "/w", "--region", "test.example", "--key", region.key]
        #expect(try Self.run([Self.program] + add, in: folder).status == 0)
        let sign = { (lists: [String], out: String) in
            try Self.run(
                [Self.program, "witness", "sign", "--dir", folder + "/w", "--out", out]
                    + lists.flatMap { ["--list", $0] }, in: folder)
        }
        #expect(try sign(["day-1.txt", "day-2.txt"], "cosigned-2.txt").status == 0)
        // The rebuilt store: the same keys, the same kiosk's name, another past.
        let other = try await Self.rewritten(region)
        let refused = try sign(["other-2.txt"], "never.txt")
        #expect(refused.status == 65 && refused.error.contains("two pasts"), "\(refused)")
        #expect(refused.output.contains("head hall-1 1 "), "\(refused.output)")
        #expect(try sign(["other-3.txt"], "never.txt").status == 65)
        #expect(!FileManager.default.fileExists(atPath: folder + "/never.txt"))
        // The honest region goes on.
        #expect(try sign(["day-3.txt"], "cosigned-3.txt").status == 0)
        let drill = try Self.collector("verify", "--heads", "cosigned-2.txt", "--heads", "other-2.txt", in: folder)
        #expect(drill.status == 65 && drill.error.contains("two different lists 2"), "\(drill)")
        for list in [try String(contentsOfFile: folder + "/cosigned-2.txt", encoding: .utf8), other] {
            #expect(drill.output.contains(list.trimmingCharacters(in: .newlines)))
        }
        let kept = try Self.collector(
            "heads", "--dir", region.stage.folder.path, "--cosigned", "cosigned-3.txt", "--witness-name", "w.example",
            "--witness-key", SigningKey().publicKey.base64, in: folder)
        #expect(kept.status != 0)
    }

    /// Makes three lists of another store under the region's own keys; gives the second one.
    private static func rewritten(_ region: Region) async throws -> String {
        let path = region.folder + "/other"
        let store = try SQLiteCollectorStore(folder: path, create: true)
        defer { try? store.close() }
        let collector = Collector(identity: region.stage.collector.identity, store: store) { count in
            (0..<count).map { _ in UInt8.random(in: .min ... .max) }
        }
        var kiosk = try await collector.enrolFake("hall-1", now: region.stage.now)
        try kiosk.fill(upTo: 60)
        try await collector.take(1, kiosk.count, of: &kiosk, now: region.stage.now)
        var second = ""
        for day in 1...3 {
            let now = region.stage.now + Int64(day) * 86_400_000
            let made = try await collector.makeHeads(day: DailyHeads.day(now), now: now)
            try Data(made.serialized.utf8).write(to: URL(filePath: "\(region.folder)/other-\(day).txt"))
            if day == 2 { second = made.serialized }
        }
        return second.trimmingCharacters(in: .newlines)
    }

    @Test func `a witness answers 409 to a list that does not follow, and shows what it signed`() async throws {
        let region = try await Region()
        let witness = try WitnessFolder.create(
            region.folder + "/w", name: "w.example", hosts: ["localhost"], now: region.stage.now / 1000)
        try witness.add(WitnessedRegion(name: "test.example", key: region.stage.folder.receiptKey.publicKey))
        _ = try await Self.rewritten(region)
        let server = WitnessServer(witness, logger: region.stage.server.logger) { region.stage.now }
        let note: @Sendable (String) throws -> ByteBuffer = { file in
            try ByteBuffer(string: String(contentsOfFile: "\(region.folder)/\(file)", encoding: .utf8))
        }
        try await Application(router: server.router(), logger: region.stage.server.logger).test(.router) { client in
            for (file, status) in [
                ("day-1.txt", HTTPResponse.Status.ok), ("day-3.txt", .conflict), ("day-2.txt", .ok),
                ("day-2.txt", .ok), ("day-1.txt", .conflict), ("other-2.txt", .conflict), ("day-3.txt", .ok),
            ] {
                let answer = try await client.execute(
                    uri: "/v1/witness/test.example/lists", method: .post, body: try note(file))
                #expect(answer.status == status, "\(file): \(String(buffer: answer.body))")
                guard status == .ok else { continue }
                let cosigned = try SignedHeads(parsing: String(buffer: answer.body))
                #expect(
                    try cosigned.note.verify(cosignedAs: "w.example", by: witness.data.receiptKey.publicKey)
                        == UInt64(region.stage.now / 1000))
            }
            let standing = try JSONDecoder().decode(
                WitnessStanding.self, from: Data(try await client.text("/v1/witness/test.example").utf8))
            #expect(standing.last == 3)
            #expect(try await client.text("/v1/witness/test.example/lists/2").contains("— w.example "))
            let unknown = try await client.execute(uri: "/v1/witness/perm.example", method: .get)
            #expect(unknown.status == .notFound)
            let junk = try await client.execute(
                uri: "/v1/witness/test.example/lists", method: .post, body: ByteBuffer(string: "junk"))
            #expect(junk.status == .unprocessableContent)
        }
    }

    @Test func `the collector tells its witness every list in order and publishes the cosignature`() async throws {
        let region = try await Region()
        let witness = try WitnessFolder.create(
            region.folder + "/w", name: "w.example", hosts: ["localhost"], now: region.stage.now / 1000)
        try witness.add(WitnessedRegion(name: "test.example", key: region.stage.folder.receiptKey.publicKey))
        let client = FolderWitness(folder: witness)
        _ = try client.folder.cosign(
            try String(contentsOfFile: region.folder + "/day-1.txt", encoding: .utf8), now: region.stage.now)
        #expect(try await region.stage.collector.tell(client) == 3)
        #expect(try await region.stage.collector.tell(client) == nil)
        // The witness follows the region to its new key.
        _ = try await region.stage.staff.change(.rotateReceipt)
        try await region.heads("day-4.txt", daysLater: 4)
        #expect(try await region.stage.collector.tell(client) == 4)
        try await region.stage.test { page in
            for number in 1...4 {
                #expect(try await page.text("/v1/heads/\(number)").contains("— w.example "))
            }
            let index = try JSONDecoder().decode(
                [PublishedHeads].self, from: Data(try await page.text("/v1/heads").utf8))
            #expect(index.map(\.number) == [1, 2, 3, 4])
            #expect(try await page.text("/v1/heads/\(index[1].day)") == page.text("/v1/heads/2"))
            let none = try await page.execute(uri: "/v1/heads/2001-01-01", method: .get)
            #expect(none.status == .notFound)
        }
        #expect((await region.stage.collector.verify()).faults == [])
    }

    /// A witness on the same machine.
    private struct FolderWitness: WitnessClient {
        let folder: WitnessFolder
        var name: String { folder.data.settings.name }
        var key: PublicKey { folder.data.receiptKey.publicKey }
        func last(of region: String) async throws -> Int64? { try folder.last(of: region) }
        func introduce(_ keys: PublishedKeys) async throws { try folder.follow(keys.successions, of: keys.collector) }
        func cosign(_ note: String, of region: String) async throws -> String { try folder.cosign(note, now: 1) }
    }
}
