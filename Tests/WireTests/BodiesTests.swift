import FoundationEssentials
import Ledger
import Ratings
import Testing
import Wire

@Suite struct BodiesTests {
    @Test(arguments: Refusal.Code.allCases)
    func aRefusalComesBackWithItsCodeAndNeed(code: Refusal.Code) throws {
        for need in [nil, 7] as [Int64?] {
            let refusal = Refusal(error: code, message: "why", need: need)
            #expect(try JSONDecoder().decode(Refusal.self, from: JSONEncoder().encode(refusal)) == refusal)
        }
        #expect((400...599).contains(code.status))
    }

    @Test func theCodesAreTheOnesOfTheProtocol() {
        // `reliability.md` §6.3; retired names stay listed here.
        #expect(
            Set(Refusal.Code.allCases.map(\.rawValue)) == [
                "gap", "fork", "rewind_kiosk", "rewind_collector", "epoch_closed", "malformed", "broken_chain",
                "bad_checkpoint", "bad_digest", "bad_signature", "unknown_kiosk", "revoked", "refused_code",
                "not_found",
                "too_large", "too_many", "unavailable", "fault",
            ])
    }

    @Test(arguments: [
        "", "{}", "[]", "null", #"{"error":"later","message":""}"#, #"{"error":"gap"}"#,
        #"{"error":"gap","message":"","need":1.5}"#, #"{"error":"gap","message":"","need":99999999999999999999}"#,
        String(repeating: "[", count: 100_000),
    ])
    func aHostileRefusalIsNone(text: String) {
        #expect(throws: (any Error).self) { try JSONDecoder().decode(Refusal.self, from: Data(text.utf8)) }
    }

    @Test func aHeartbeatSaysItsBootTimeAsRecordsDo() throws {
        let heartbeat = Heartbeat(
            epoch: 2, boot: 3, bootMilliseconds: 4, wall: "2026-11-22T08:00:00.000Z", clock: .synced, unsent: 5,
            marks: ["no_input"], program: "0.1.0", nonce: "AAAA")
        let json = try JSONEncoder().encode(heartbeat)
        #expect(String(decoding: json, as: UTF8.self).contains(#""boot_ms":4"#))
        #expect(try JSONDecoder().decode(Heartbeat.self, from: json) == heartbeat)
    }

    @Test func theRoutesAreTheOnesOfTheProtocol() throws {
        let kiosk = try #require(KioskID(rawValue: "hall-1"))
        #expect(Routes.records(kiosk, epoch: 2, first: 101, last: 140) == "/v1/kiosks/hall-1/epochs/2/records/101-140")
        #expect(Routes.heartbeat(kiosk) == "/v1/kiosks/hall-1/heartbeat")
        #expect(Routes.enrolments == "/v1/enrolments")
    }
}

@Suite struct SignedTimeTests {
    private let key = SigningKey()
    private let nonce = "AAECAwQFBgcICQoLDA0ODw=="

    private func note(_ text: String, by name: String = "region.example", key: SigningKey? = nil) throws -> String {
        var note = SignedNote(text: text)
        try note.sign(as: name, with: key ?? self.key)
        return note.serialized
    }

    private func seconds(_ note: String) throws -> UInt64? {
        SignedTime.seconds(
            in: note, kiosk: try #require(KioskID(rawValue: "hall-1")), nonce: nonce, collector: "region.example",
            key: key.publicKey)
    }

    @Test func theTimeOfTheCollectorIsTaken() throws {
        #expect(try seconds(note("otsenka/time\nhall-1\n\(nonce)\n1795305600\n")) == 1_795_305_600)
    }

    @Test(arguments: [
        "otsenka/time\nhall-2\nAAECAwQFBgcICQoLDA0ODw==\n1795305600\n",
        "otsenka/time\nhall-1\nAAECAwQFBgcICQoLDA0ODg==\n1795305600\n",
        "otsenka/date\nhall-1\nAAECAwQFBgcICQoLDA0ODw==\n1795305600\n",
        "otsenka/time\nhall-1\nAAECAwQFBgcICQoLDA0ODw==\n+1795305600\n",
        "otsenka/time\nhall-1\nAAECAwQFBgcICQoLDA0ODw==\n01795305600\n",
        "otsenka/time\nhall-1\nAAECAwQFBgcICQoLDA0ODw==\n-1\n",
        "otsenka/time\nhall-1\nAAECAwQFBgcICQoLDA0ODw==\n99999999999999999999\n",
        "otsenka/time\nhall-1\nAAECAwQFBgcICQoLDA0ODw==\n1795305600\nmore\n",
        "otsenka/time\n\nhall-1\nAAECAwQFBgcICQoLDA0ODw==\n1795305600\n",
        "otsenka/time\n",
    ])
    func anotherTextIsNoTimeHoweverSigned(text: String) throws { #expect(try seconds(note(text)) == nil) }

    @Test func anotherSignerIsNotBelieved() throws {
        let text = "otsenka/time\nhall-1\n\(nonce)\n1795305600\n"
        #expect(try seconds(note(text, by: "other.example")) == nil)
        #expect(try seconds(note(text, key: SigningKey())) == nil)
        #expect(try seconds(text) == nil)
        #expect(try seconds("") == nil)
    }
}
