import FoundationEssentials
import Ledger
import Ratings
import Testing

@testable import Wire

// Every expected value here was computed by a Python program from the words of the format (hashlib, hmac, cryptography 48).
private let code = EnrolmentCode("0123-4567-89AB-CDEF") ?? EnrolmentCode(random: Array(repeating: 0, count: 10))

private func request() throws -> EnrolmentRequest {
    let journal = try SigningKey(seed: Data(base64Encoded: "n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=") ?? Data())
    let transport = try SigningKey(seed: Data(0..<32)).publicKey
    let statement = TransportStatement.bytes(journalKey: journal.publicKey, transportKey: transport)
    return EnrolmentRequest(
        code: code, journalKey: journal.publicKey, transportKey: transport,
        certificate: try journal.signature(over: statement).base64EncodedString(), nonce: "AAECAwQFBgcICQoLDA0ODw==",
        pin: "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", hardware: "aGFyZHdhcmU=")
}

private let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

private func answer(to request: EnrolmentRequest, authority: String? = pem) throws -> EnrolmentAnswer {
    EnrolmentAnswer(
        to: request, code: code, kiosk: try #require(KioskID(rawValue: "hall-1")), epoch: 2,
        collectorName: "region.example", receiptKey: try SigningKey(seed: Data(repeating: 7, count: 32)).publicKey,
        collectorNonce: "EBESExQVFhcYGRobHB0eHw==", authority: authority)
}

@Suite struct EnrolmentCodeTests {
    @Test(arguments: [
        "0123456789ABCDEF", "0123-4567-89ab-cdef", " 0123 4567 89AB CDEF ", "o123-4567-89AB-CDEF",
        "OI23-4567-89AB-CDEF",
        "Ol23-4567-89AB-CDEF", "0-1-2-3-4-5-6-7-8-9-a-b-c-d-e-f",
    ])
    func aCodeIsReadAsPeopleTypeIt(typed: String) {
        #expect(EnrolmentCode(typed)?.characters == "0123456789ABCDEF")
    }

    @Test(arguments: [
        "", "0123456789ABCDE", "0123456789ABCDEFG", "0123456789ABCDEU", "0123_4567_89AB_CDEF", "0123456789ABCDE\n",
        "ß123456789ABCDE", "٠123456789ABCDEF", "0123456789ABCDEＦ", "0123456789ABCDE\u{301}F", "0123456789ABCDE\u{212A}",
    ])
    func anythingElseIsNone(typed: String) { #expect(EnrolmentCode(typed) == nil) }

    @Test func eightyBitsAreSixteenCharacters() {
        let drawn = EnrolmentCode(random: Array(1...10))
        #expect(drawn.characters == "041061050R3GG28A")
        #expect(drawn.grouped == "0410-6105-0R3G-G28A")
        #expect(EnrolmentCode(drawn.grouped) == drawn)
        #expect(EnrolmentCode(random: Array(repeating: 255, count: 10)).characters == "ZZZZZZZZZZZZZZZZ")
    }

    @Test func aRequestNamesTheCodeWithoutTellingIt() { #expect(code.identifier == "17583fff7271f075") }
}

@Suite struct EnrolmentProofTests {
    @Test func theRequestsProofIsTheOneThatAnotherHandComputes() throws {
        let request = try request()
        #expect(
            request.certificate
                == "aYfUaCEqiEufYwcQhfJ677vL6Zd6rECtnlzmwlM43rbWMxRW0bvEMOup99d/pQxf3JPuMZ5i3NALI89fvFlCDg==")
        #expect(request.proof == "AibdR9+x78aRx1H7SVQWScSEKTXFoXHHV+Y1bDaGTyU=")
        #expect(request.isValid(for: code))
        #expect(!request.isValid(for: EnrolmentCode(random: Array(1...10))))
    }

    @Test func theAnswersProofAndWordsAreTheOnesThatAnotherHandComputes() throws {
        let request = try request()
        let answer = try answer(to: request)
        #expect(answer.proof == "bobDwpJaQTDm9nhT3wqv7203C1dLY1gGCwSfSj8qCek=")
        #expect(answer.words(after: request) == ["savif", "huzor", "honam", "silif", "vuvab", "zakuj"])
        #expect(answer.isValid(for: request, code: code))
        #expect(!answer.isValid(for: request, code: EnrolmentCode(random: Array(1...10))))
    }

    @Test(
        arguments: [
            { $0.code = "17583fff7271f076" }, { $0.journalKey = $0.transportKey }, { $0.transportKey = $0.journalKey },
            { $0.certificate = "AAAA" }, { $0.certificate = "!" }, { $0.nonce += "A" }, { $0.pin = "" },
            { $0.hardware = "" },
            { $0.proof = "" }, { $0.proof = "!" }, { $0.proof = Data(count: 32).base64EncodedString() },
        ] as [@Sendable (inout EnrolmentRequest) -> Void])
    func aRequestThatIsChangedInAnyPartIsNotBelieved(change: @Sendable (inout EnrolmentRequest) -> Void) throws {
        var request = try request()
        change(&request)
        #expect(!request.isValid(for: code))
    }

    @Test(
        arguments: [
            { $0.epoch = 3 }, { $0.collectorName = "other" }, { $0.collectorNonce = "" }, { $0.authority = nil },
            { $0.authority = pem + "x" }, { $0.proof = "" }, { $0.receiptKey = SigningKey().publicKey },
            { $0.kiosk = KioskID(rawValue: "hall-2") ?? $0.kiosk },
        ] as [@Sendable (inout EnrolmentAnswer) -> Void])
    func anAnswerThatIsChangedInAnyPartIsNotBelieved(change: @Sendable (inout EnrolmentAnswer) -> Void) throws {
        let request = try request()
        var answer = try answer(to: request)
        change(&answer)
        #expect(!answer.isValid(for: request, code: code))
    }

    @Test func anAnswerToAnotherRequestIsNotBelieved() throws {
        let answer = try answer(to: request())
        var other = try request()
        other.nonce = "EBESExQVFhcYGRobHB0eHw=="
        #expect(!answer.isValid(for: other, code: code))
    }

    @Test func oneProofNeverCountsForTheOther() throws {
        let request = try request()
        var answer = try answer(to: request)
        answer.proof = request.proof
        #expect(!answer.isValid(for: request, code: code))
    }

    /// The transcripts are lines; a field with a line break in it could be read as two. Same text, same proof, other fields.
    @Test func fieldsCannotBeMovedIntoOneAnother() throws {
        var request = try request()
        let answer = try answer(to: request)
        var moved = answer
        moved.collectorNonce = "\(answer.collectorNonce)\n\(pem)".trimmingSuffix(while: \.isNewline)
        moved.authority = ""
        #expect(!moved.isValid(for: request, code: code))
        request.pin = "\(request.pin)\n\(request.hardware)"
        request.hardware = ""
        #expect(!request.isValid(for: code))
        request.pin = "a\r\nb"
        #expect(!request.isValid(for: code))
    }

    @Test func bodiesComeBackFromJSON() throws {
        let request = try request()
        let json = try JSONEncoder().encode(request)
        #expect(try JSONDecoder().decode(EnrolmentRequest.self, from: json) == request)
        #expect(String(decoding: json, as: UTF8.self).contains(#""journal_key""#))
        for authority in [nil, pem] {
            let answer = try answer(to: request, authority: authority)
            let decoded = try JSONDecoder().decode(EnrolmentAnswer.self, from: JSONEncoder().encode(answer))
            #expect(decoded == answer)
            #expect(decoded.isValid(for: request, code: code))
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> String {
        var text = self
        while let last = text.last, condition(last) { text.removeLast() }
        return text
    }
}
