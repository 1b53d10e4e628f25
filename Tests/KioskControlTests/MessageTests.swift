import FoundationEssentials
import KioskControl
import Ledger
import Ratings
import Testing

private let key = SigningKey().publicKey
private let now = KioskTime(boot: 3, bootMilliseconds: 12_345, wall: "2026-11-22T09:00:00.000Z", clock: .free)

private func identity() throws -> KioskIdentity {
    KioskIdentity(
        kiosk: try #require(KioskID(rawValue: "hall-1")), epoch: 2, journalKey: key,
        collector: "https://region.example",
        collectorName: "region.example", receiptKey: key)
}

private func returns<Message: Codable & Equatable>(_ message: Message) throws -> Bool {
    try ControlCoding.decode(Message.self, from: ControlCoding.encode(message)) == message
}

@Suite struct MessageTests {
    @Test func everyRequestOfTheUplinkComesBack() throws {
        let requests: [UplinkRequest] = [
            .identify, .batch(epoch: nil, first: nil, maximumRecords: 500, maximumBytes: 262_144),
            .batch(epoch: 1, first: 7, maximumRecords: 1, maximumBytes: 1), .wait(records: 1 << 40, seconds: 0.25),
            .receipt(note: "otsenka\n"), .vitals, .orders(["otsenka/maintenance/"], time: "t"),
        ]
        for request in requests { #expect(try returns(request)) }
        for verdict in [Verdict.fork, .rewindKiosk, .epochClosed, .revoked, .malformed] {
            #expect(try returns(UplinkRequest.verdict(verdict)))
        }
    }

    @Test func everyAnswerToTheUplinkComesBack() throws {
        let kiosk = try #require(KioskID(rawValue: "hall-1"))
        let answers: [UplinkAnswer] = [
            .identity(try identity()), .notEnrolled, .nothing, .pending(records: 7), .received,
            .refused(reason: "\"\\\n"), .failed(reason: "—"),
            .batch(
                Batch(
                    kiosk: kiosk, epoch: 2, first: 1, last: 2, lines: [#"{"text":"Отлично\n"}"#, "{}"], checkpoint: "c",
                    head: "h", receipt: nil, now: now)),
            .vitals(
                Vitals(
                    kiosk: kiosk, epoch: 2, head: "h", receipt: "r", now: now, unsent: 7, marks: ["no_input"],
                    program: "0.1.0")),
        ]
        for answer in answers { #expect(try returns(answer)) }
    }

    @Test func everyCommandAndItsAnswerComeBack() throws {
        let enrolment = Enrolment(identity: try identity(), collectorNonce: "n")
        let commands: [CommandRequest] =
            [
                .status, .verify, .export(first: 1), .certify(transportKey: key), .enrol(enrolment),
                .openMaintenance(note: "n"), .endMaintenance,
            ] + EnrolmentTrouble.allCases.map { .enrolmentFailed($0) }
        for command in commands { #expect(try returns(command)) }
        let status = KioskStatus(
            kiosk: nil, epoch: nil, collector: nil, screen: "idle", records: 0, receipted: 0, unsent: 0, devices: [],
            display: "headless", marks: [], program: "0.1.0", now: now)
        let certificate = TransportCertificate(journalKey: key, transportKey: key, signature: "s")
        let answers: [CommandAnswer] = [
            .status(status), .verified(records: 7, head: "h"), .broken(sequence: 3, reason: "r"),
            .lines(["{}"], checkpoint: nil), .certified(certificate), .done, .refused(reason: "r"),
            .failed(reason: "f"),
        ]
        for answer in answers { #expect(try returns(answer)) }
    }

    @Test func everyVerbOfTheMaintenanceSeamComesBack() throws {
        let verbs: [MaintainVerb] = [
            .setNetwork, .setClock(seconds: 1), .readStick(port: "1-1"), .writeStick(port: "1-1"), .installUpdate,
            .restart,
        ]
        for verb in verbs { #expect(try returns(MaintainRequest(verb: verb, visit: "note", successions: ["s"]))) }
        let failures = MaintainTrouble.allCases.map { MaintainAnswer.failed($0, reason: "f") }
        for answer in [MaintainAnswer.done(StickItem.allCases), .done([]), .refused(reason: "r")] + failures {
            #expect(try returns(answer))
        }
    }

    @Test func theLargestBatchFitsIntoAMessage() throws {
        // 256 KiB of quotation marks: the worst that JSON can make of a line.
        let lines = (0..<500).map { _ in String(repeating: "\"", count: 524) }
        let batch = Batch(
            kiosk: try #require(KioskID(rawValue: "hall-1")), epoch: 2, first: 1, last: 500, lines: lines,
            checkpoint: String(repeating: "c", count: 4096), head: String(repeating: "h", count: 4096),
            receipt: String(repeating: "r", count: 4096), now: now)
        #expect(try ControlCoding.encode(UplinkAnswer.batch(batch)).count <= ControlCoding.maximumBytes)
    }

    @Test(arguments: [
        "", "null", "{}", "[]", #""identify""#, #"{"erase":{}}"#, #"{"batch":{}}"#,
        #"{"batch":{"maximumRecords":1e300,"maximumBytes":1}}"#, #"{"receipt":{"note":7}}"#,
        #"{"verdict":{"_0":"erase"}}"#, #"{"identify":{},"vitals":{}}"#, "\u{0}",
        String(repeating: "[", count: 100_000),
    ])
    func aHostileMessageIsNone(text: String) {
        #expect(throws: (any Error).self) { try ControlCoding.decode(UplinkRequest.self, from: Data(text.utf8)) }
    }

    @Test(arguments: ["AAAA", "", "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs"])
    func aKeyThatIsNoneIsRefused(text: String) {
        let json = Data(#"{"certify":{"transportKey":"\#(text)"}}"#.utf8)
        #expect(throws: (any Error).self) { try ControlCoding.decode(CommandRequest.self, from: json) }
    }
}
