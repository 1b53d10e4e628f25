import Collecting
import FakeKiosk
import Foundation
import Ledger
import Ratings
import Testing
import Wire

/// One thing wrong with an upload of records 1–6, and what the collector says to it.
struct WrongUpload: Sendable, CustomTestStringConvertible {
    var name: String
    var code: Refusal.Code
    var spoil: @Sendable (inout FakeRequest, FakeKiosk) throws -> Void

    var testDescription: String { name }

    /// A body that is signed as it is, although it is wrong.
    static func body(_ name: String, _ code: Refusal.Code, _ change: @escaping @Sendable (Data) -> Data) -> WrongUpload
    {
        WrongUpload(name: name, code: code) { request, kiosk in
            request.body = change(request.body)
            request.head.fields["content-digest"] = ContentDigest.value(of: request.body)
            try kiosk.sign(&request.head)
        }
    }

    static func field(
        _ name: String, _ code: Refusal.Code, _ field: String,
        _ value: @escaping @Sendable (FakeKiosk) throws -> String?
    ) -> WrongUpload {
        WrongUpload(name: name, code: code) { request, kiosk in
            request.head.fields[field] = try value(kiosk)
            try kiosk.sign(&request.head)
        }
    }

    private static func lines(_ body: Data) -> [Data] {
        body.split(separator: UInt8(ascii: "\n")).map { Data($0) }
    }

    private static func joined(_ lines: [Data]) -> Data {
        lines.reduce(into: Data()) { body, line in
            body.append(line)
            body.append(UInt8(ascii: "\n"))
        }
    }

    private static func replace(_ text: String, _ other: String, in line: Int, of body: Data) -> Data {
        var all = lines(body)
        all[line] = Data(String(decoding: all[line], as: UTF8.self).replacingOccurrences(of: text, with: other).utf8)
        return joined(all)
    }

    static let all: [WrongUpload] = signatures + notes + bodies

    private static let signatures: [WrongUpload] = [
        WrongUpload(name: "no signature", code: .badSignature) { request, _ in
            request.head.fields["signature"] = nil
            request.head.fields["signature-input"] = nil
        },
        WrongUpload(name: "the signature of another key", code: .badSignature) { request, _ in
            try RequestSignature.sign(&request.head, with: SigningKey(), created: 1)
        },
        WrongUpload(name: "a signature that names our key but is not by it", code: .badSignature) { request, kiosk in
            try RequestSignature.sign(&request.head, with: SigningKey(), created: 1)
            let signature = request.head.fields["signature"]
            try kiosk.sign(&request.head)
            request.head.fields["signature"] = signature
        },
        WrongUpload(name: "another path than the signed one", code: .badSignature) { request, _ in
            request.head.path += "x"
        },
        WrongUpload(name: "a checkpoint exchanged after signing", code: .badSignature) { request, kiosk in
            request.head.fields["checkpoint"] = FakeKiosk.base64(try kiosk.checkpoint(5).serialized)
        },
        .field("no checkpoint", .badSignature, "checkpoint") { _ in nil },
        .field("no head", .badSignature, "head") { _ in nil },
        .field("no clock", .badSignature, "otsenka-clock") { _ in nil },
        .field("no digest", .badSignature, "content-digest") { _ in nil },
        .field("a clock that is none", .malformed, "otsenka-clock") { _ in "boot=x" },
        WrongUpload(name: "another body than the signed one", code: .badDigest) { request, _ in
            request.body.append(UInt8(ascii: "\n"))
        },
        .field("an encoding that is not known", .malformed, "content-encoding") { _ in "br" },
    ]

    private static let notes: [WrongUpload] = [
        .field("a checkpoint of another record", .badCheckpoint, "checkpoint") {
            FakeKiosk.base64(try $0.checkpoint(5).serialized)
        },
        .field("a checkpoint that is no note", .badCheckpoint, "checkpoint") { _ in FakeKiosk.base64("hello\n") },
        .field("a checkpoint that is no base64", .badCheckpoint, "checkpoint") { _ in "%%%" },
        .field("a checkpoint of another key", .badCheckpoint, "checkpoint") { kiosk in
            FakeKiosk.base64(try Checkpoint(head: kiosk.head, signedWith: SigningKey()).serialized)
        },
        .field("a checkpoint of another epoch", .badCheckpoint, "checkpoint") { kiosk in
            var head = kiosk.head
            head.epoch = 2
            return FakeKiosk.base64(try Checkpoint(head: head, signedWith: kiosk.journalKey).serialized)
        },
        .field("a checkpoint over another hash", .badCheckpoint, "checkpoint") { kiosk in
            var head = kiosk.head
            head.hash = kiosk.genesis.hash
            return FakeKiosk.base64(try Checkpoint(head: head, signedWith: kiosk.journalKey).serialized)
        },
        .field("a head below the batch", .badCheckpoint, "head") { FakeKiosk.base64(try $0.checkpoint(5).serialized) },
        WrongUpload(name: "a batch whose two notes agree on a wrong hash", code: .brokenChain) { request, kiosk in
            var head = kiosk.head
            head.hash = kiosk.genesis.hash
            let note = FakeKiosk.base64(try Checkpoint(head: head, signedWith: kiosk.journalKey).serialized)
            request.head.fields["checkpoint"] = note
            request.head.fields["head"] = note
            try kiosk.sign(&request.head)
        },
    ]

    private static let bodies: [WrongUpload] = [
        .body("no line", .malformed) { _ in Data() },
        .body("a line too few", .malformed) { joined(Array(lines($0).dropLast())) },
        .body("a line too many", .malformed) { joined(lines($0) + lines($0).suffix(1)) },
        .body("an empty line", .brokenChain) { body in
            var all = lines(body)
            all[3] = Data()
            return joined(all)
        },
        .body("a line too long that is no link", .brokenChain) { body in
            var all = lines(body)
            all[2] = Data(repeating: UInt8(ascii: " "), count: 4097)
            return joined(all)
        },
        .body("more bytes than a batch may have", .tooLarge) { _ in Data(repeating: 10, count: 256 * 1024 + 1) },
        .body("two lines exchanged", .brokenChain) { body in
            var all = lines(body)
            all.swapAt(2, 3)
            return joined(all)
        },
        .body("a mark changed", .brokenChain) { replace("\"value\":", "\"value\":1", in: 1, of: $0) },
        .body("the last line changed", .brokenChain) { replace("duration_ms\":", "duration_ms\":9", in: 5, of: $0) },
        .body("another kiosk's record", .brokenChain) { replace("hall-1", "hall-2", in: 2, of: $0) },
        .body("another epoch's record", .brokenChain) { replace("\"epoch\":1", "\"epoch\":2", in: 2, of: $0) },
        .body("another sequence", .brokenChain) { replace("\"seq\":3", "\"seq\":4", in: 2, of: $0) },
        .body("a line that is no JSON", .brokenChain) { replace("{", "[", in: 2, of: $0) },
        .body("a line that is not UTF-8", .brokenChain) { body in
            var all = lines(body)
            all[2][10] = 0xFF
            return joined(all)
        },
        .body("JSON as deep as it is long", .brokenChain) { body in
            var all = lines(body)
            all[2] = Data(repeating: UInt8(ascii: "["), count: 4096)
            return joined(all)
        },
    ]
}

@Suite struct RefusedUploadTests {
    @Test(arguments: WrongUpload.all)
    func `a wrong upload is refused by name, leaves nothing, and the right one is taken after it`(
        _ wrong: WrongUpload
    ) async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 5)
        try kiosk.visit(mark: 4)
        var request = try kiosk.upload(1, 6)
        try wrong.spoil(&request, kiosk)
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.collector.take(request, of: kiosk, now: scene.now)
        }
        #expect(refusal?.error == wrong.code)
        #expect((refusal?.message.count ?? 0) > 20)
        let empty = try await scene.store.read { [kiosk] in try $0.epoch(kiosk.id, 1) }
        #expect(empty?.head.sequence == 0)
        #expect(try await scene.collector.take(1, 6, of: &kiosk, now: scene.now) == nil)
        #expect(await scene.collector.verify().faults == [])
    }

    @Test(arguments: [
        (Int64(0), Int64(1), Refusal.Code.malformed), (2, 1, .malformed), (1, 501, .tooLarge),
        (1, Int64.max, .malformed),
        (Int64.min, Int64.max, .malformed), (-5, -1, .malformed), (Int64.max - 1, Int64.max, .malformed),
    ])
    func `a range that is none is refused before its body is read`(
        _ first: Int64, _ last: Int64, _ code: Refusal.Code
    ) async throws {
        let scene = try Scene()
        let kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        let refusal = await #expect(throws: Refusal.self) {
            try await scene.collector.authorizeUpload(
                RequestHead(method: "PUT", path: "/"), kiosk: kiosk.id, epoch: 1, first: first, last: last)
        }
        #expect(refusal?.error == code)
    }

    @Test func `a kiosk that nobody enrolled is told how to be`() async throws {
        let scene = try Scene()
        let id = try #require(KioskID(rawValue: "nobody"))
        var kiosk = FakeKiosk(id: id, collectorNonce: "")
        try kiosk.visit(mark: 5)
        #expect(try await scene.collector.take(1, 3, of: &kiosk, now: scene.now)?.error == .unknownKiosk)
    }
}
