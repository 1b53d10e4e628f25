import FakeKiosk
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import Ratings
import Testing
import Wire

@testable import CollectorWeb

@Suite struct KioskTests {
    @Test("A heartbeat is answered with the collector's signed time and shows on the page with its backlog and marks")
    func heartbeat() async throws {
        let stage = try Stage()
        try await stage.test { client in
            var kiosk = try await stage.enrolled(client, id: "hall-7")
            let response = try await client.send(try kiosk.heartbeat(marks: ["disk_half"], unsent: 1248))
            try #require(response.status == .ok)
            let answer = try JSONDecoder().decode(HeartbeatAnswer.self, from: Data(response.body.readableBytesView))
            let seconds = SignedTime.seconds(
                in: answer.time, kiosk: kiosk.id, nonce: Data(repeating: 7, count: 16).base64EncodedString(),
                collector: "test.example", key: stage.folder.receiptKey.publicKey)
            #expect(seconds == UInt64(stage.now / 1000))
            stage.pass(milliseconds: 180_000)
            let page = try await client.text("/?lang=en")
            #expect(page.contains("hall-7"))
            #expect(page.contains("3\u{00A0}minutes ago"))
            #expect(page.contains("1,248"))
            #expect(page.contains("needs attention: disk_half"))
            stage.pass(milliseconds: 3_600_000)
            #expect(try await client.text("/?lang=en").contains("silent"))
            let metrics = try await client.text("/metrics")
            #expect(metrics.contains("otsenka_kiosk_unsent_records{kiosk=\"hall-7\"} 1248\n"))
        }
    }

    @Test("A heartbeat that is not signed, or too long, is refused")
    func badHeartbeat() async throws {
        let stage = try Stage()
        try await stage.test { client in
            var kiosk = try await stage.enrolled(client)
            var request = try kiosk.heartbeat()
            request.head.fields["signature"] = nil
            #expect(try await client.send(request).refusal().error == .badSignature)
            let long = Data(repeating: 0, count: KioskRoutes.heartbeatBytes + 1)
            #expect(try await client.send(try kiosk.heartbeat(), body: long).refusal().error == .tooLarge)
        }
    }

    @Test("A wrong code is refused, and five wrong ones spend the code")
    func wrongCode() async throws {
        let stage = try Stage()
        try await stage.test { client in
            let ticket = try await stage.staff.add(NewKiosk(office: "Hall"))
            let code = try #require(EnrolmentCode(ticket.code))
            let id = try #require(KioskID(rawValue: ticket.kiosk))
            let kiosk = FakeKiosk(id: id, collectorNonce: "")
            var (request, _) = try kiosk.enrolment(code)
            request.proof = Data(repeating: 1, count: 32).base64EncodedString()
            let wrong = try JSONEncoder().encode(request)
            for _ in 0..<5 {
                let response = try await client.execute(
                    uri: Routes.enrolments, method: .post, body: ByteBuffer(bytes: wrong))
                #expect(try response.refusal().error == .refusedCode)
            }
            let right = try await client.execute(
                uri: Routes.enrolments, method: .post, body: ByteBuffer(bytes: try kiosk.enrolment(code).body))
            #expect(try right.refusal().error == .refusedCode)
        }
    }

    @Test(
        "An enrolment that is no JSON, or too long, is refused",
        arguments: [("{", Refusal.Code.malformed), (String(repeating: " ", count: 5000), .tooLarge)])
    func badEnrolment(body: String, code: Refusal.Code) async throws {
        let stage = try Stage()
        try await stage.test { client in
            let response = try await client.execute(
                uri: Routes.enrolments, method: .post, body: ByteBuffer(string: body))
            #expect(try response.refusal().error == code)
        }
    }

    @Test("One address that enrols again and again is told to wait")
    func enrolmentFlood() async throws {
        var limits = WebLimits.generous
        limits.enrolmentsPerSecond = 0.01
        limits.enrolmentBurst = 2
        let stage = try Stage(limits: limits)
        try await stage.test { client in
            var codes: [Refusal.Code] = []
            for _ in 0..<3 {
                let response = try await client.execute(
                    uri: Routes.enrolments, method: .post, body: ByteBuffer(string: "{}"))
                codes.append(try response.refusal().error)
            }
            #expect(codes == [.malformed, .malformed, .tooMany])
        }
    }
}
