import FakeKiosk
import Foundation
import Gzip
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import Ratings
import Testing
import Wire

@testable import CollectorWeb

@Suite struct UploadTests {
    @Test(
        "A batch becomes a receipt, a rating in the summary and a row of the page; the same batch again changes nothing"
    )
    func whole() async throws {
        let stage = try Stage()
        try await stage.test { client in
            var kiosk = try await stage.enrolled(client, office: "МФЦ «Центральный»", service: "Загранпаспорт")
            for mark in [5, 5, 5, 5, 4, 4, 4, 3, 2, 1] { try kiosk.visit(mark: mark) }
            try kiosk.visit(mark: nil)
            for _ in 0..<2 {
                let response = try await client.send(
                    try kiosk.upload(1, kiosk.count) { try Gzip.compress($0) })
                try #require(response.status == .ok)
                let receipt = try Checkpoint(
                    parsing: try response.receipt(), kiosk: kiosk.id.rawValue, key: kiosk.journalKey.publicKey)
                #expect(receipt.head == kiosk.head)
                let time = try receipt.receiptTime(of: "test.example", key: stage.folder.receiptKey.publicKey)
                #expect(time == UInt64(stage.now / 1000))
                kiosk.receipt = try response.receipt()
            }
            #expect(try await client.text("/v1/summary") == #"{"kiosks":1,"ratings":10}"#)
            let page = try await client.text("/?lang=en")
            #expect(page.contains(">70.0%<"))
            #expect(page.contains("95% interval: 39.7–89.2%"))
            #expect(page.contains("10 of 11, timed out 1"))
            let rows = try await stage.staff.report(ReportQuestion(by: .office))
            #expect(rows.map(\.key) == ["МФЦ «Центральный»"])
            #expect(rows.first?.n == 10 && rows.first?.satisfied == 7 && rows.first?.mean == 3.8)
        }
    }

    /// What is changed in a good upload of ten visits, and the answer that it must get.
    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case noSignature, otherKey, changedPath, changedBody, brokenChain, missingRecord, otherCheckpoint
        case unknownKiosk, gap, notGzip, cutGzip, bomb, unknownEncoding, noRange, backwards, tooMany, tooLong
        var testDescription: String { rawValue }

        var expected: Refusal.Code {
            switch self {
            case .noSignature, .otherKey, .changedPath: .badSignature
            case .changedBody: .badDigest
            case .brokenChain: .brokenChain
            case .otherCheckpoint: .badCheckpoint
            case .unknownKiosk: .unknownKiosk
            case .gap: .gap
            case .missingRecord, .notGzip, .cutGzip, .unknownEncoding, .noRange, .backwards: .malformed
            case .bomb, .tooMany, .tooLong: .tooLarge
            }
        }
    }

    @Test("A damaged upload is refused by its own name and nothing of it is stored", arguments: Damage.allCases)
    func damaged(_ damage: Damage) async throws {
        let stage = try Stage()
        try await stage.test { client in
            var kiosk = try await stage.enrolled(client)
            for mark in 1...5 { try kiosk.visit(mark: mark) }
            let refusal = try await Self.send(damage, by: &kiosk, to: client).refusal()
            #expect(refusal.error == damage.expected, "\(refusal.message)")
            if damage == .gap { #expect(refusal.need == 1) }
            #expect(try await client.text("/v1/summary") == #"{"kiosks":1,"ratings":0}"#)
            // The kiosk is not shut out by what somebody sent in its name.
            #expect(try await client.send(try kiosk.upload(1, kiosk.count)).status == .ok)
        }
    }

    private static func send(
        _ damage: Damage, by kiosk: inout FakeKiosk, to client: any TestClientProtocol
    ) async throws -> TestResponse {
        var request = try kiosk.upload(1, kiosk.count)
        switch damage {
        case .noSignature:
            request.head.fields["signature"] = nil
            request.head.fields["signature-input"] = nil
        case .otherKey: try RequestSignature.sign(&request.head, with: SigningKey(), created: 1)
        case .changedPath: request.head.path = Routes.records(kiosk.id, epoch: 1, first: 1, last: kiosk.count - 1)
        case .changedBody: request.body[40] ^= 1
        case .brokenChain:
            let changed = String(decoding: request.body, as: UTF8.self)
                .replacing(#""value":1"#, with: #""value":5"#)
            try resign(&request, kiosk) { $0 = Data(changed.utf8) }
        case .missingRecord:
            let lines = request.body.split(separator: UInt8(ascii: "\n"))
            try resign(&request, kiosk) { body in
                body = Data((lines[..<4] + lines[5...]).flatMap { $0 + [UInt8(ascii: "\n")] })
            }
        case .otherCheckpoint:
            request.head.fields["checkpoint"] = FakeKiosk.base64(try kiosk.checkpoint(2).serialized)
            try kiosk.sign(&request.head)
        case .unknownKiosk:
            let id = try #require(KioskID(rawValue: "nobody"))
            var other = FakeKiosk(id: id, collectorNonce: "")
            try other.visit(mark: 5)
            request = try other.upload(1, 3)
        case .gap: request = try kiosk.upload(4, kiosk.count)
        case .notGzip:
            request.head.fields["content-encoding"] = "gzip"
            try kiosk.sign(&request.head)
        case .cutGzip: request = try kiosk.upload(1, kiosk.count) { try Gzip.compress($0).dropLast(9) }
        case .bomb:
            request = try kiosk.upload(1, kiosk.count) { _ in
                try Gzip.compress(Data(repeating: UInt8(ascii: " "), count: 64 * 1024 * 1024))
            }
        case .unknownEncoding:
            request.head.fields["content-encoding"] = "br"
            try kiosk.sign(&request.head)
        case .noRange: request.head.path = "/v1/kiosks/\(kiosk.id)/epochs/1/records/+1-2"
        case .backwards: request.head.path = "/v1/kiosks/\(kiosk.id)/epochs/1/records/5-2"
        case .tooMany: request.head.path = "/v1/kiosks/\(kiosk.id)/epochs/1/records/1-501"
        case .tooLong:
            try resign(&request, kiosk) { $0 = Data(repeating: UInt8(ascii: " "), count: WireLimits.bodyBytes + 1) }
        }
        return try await client.send(request)
    }

    /// Changes the body and makes the digest and the request's signature right again.
    private static func resign(_ request: inout FakeRequest, _ kiosk: FakeKiosk, _ change: (inout Data) throws -> Void)
        throws
    {
        try change(&request.body)
        request.head.fields["content-digest"] = ContentDigest.value(of: request.body)
        try kiosk.sign(&request.head)
    }

    @Test("A kiosk that asks too often is told how long to wait, before its body is read; another one is not")
    func tooOften() async throws {
        var limits = WebLimits.generous
        limits.kioskRequestsPerSecond = 0.001
        limits.kioskBurst = 3
        let stage = try Stage(limits: limits)
        try await stage.test { client in
            var kiosk = try await stage.enrolled(client)
            try kiosk.visit(mark: 5)
            for _ in 0..<3 { #expect(try await client.send(try kiosk.upload(1, 3)).status == .ok) }
            let response = try await client.send(try kiosk.upload(1, 3), body: Data())
            #expect(try response.refusal().error == .tooMany)
            let wait = try #require(response.headers[.retryAfter].flatMap { Int($0) })
            #expect((1...1000).contains(wait))
            var other = try await stage.enrolled(client, office: "Other")
            try other.visit(mark: 5)
            #expect(try await client.send(try other.upload(1, 3)).status == .ok)
        }
    }

    @Test("Requests that nobody signed do not use up a kiosk's own allowance")
    func strangers() async throws {
        var limits = WebLimits.generous
        limits.kioskRequestsPerSecond = 0.001
        limits.kioskBurst = 1
        let stage = try Stage(limits: limits)
        try await stage.test { client in
            var kiosk = try await stage.enrolled(client)
            try kiosk.visit(mark: 5)
            var forged = try kiosk.upload(1, 3)
            forged.head.fields["signature"] = nil
            for _ in 0..<5 { #expect(try await client.send(forged).refusal().error == .badSignature) }
            #expect(try await client.send(try kiosk.upload(1, 3)).status == .ok)
        }
    }
}
