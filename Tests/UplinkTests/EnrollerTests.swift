import Foundation
import Ledger
import Testing
import Wire

@testable import Uplink

private let code = EnrolmentCode(random: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])

@Suite(.serialized) struct EnrollerTests {
    let run: FakeRun
    init() throws { run = try FakeRun() }

    private func plan(_ address: String, code text: String = code.grouped, pin: String? = nil) -> EnrolmentPlan {
        var plan = EnrolmentPlan(collector: address, code: text, pin: pin, hardware: "hw")
        plan.runtimeFolder = run.folder
        plan.stateFolder = run.folder + "/state"
        plan.allowPlainLoopback = true
        return plan
    }

    /// Blocking work off the threads of Swift's tasks.
    private func enrol(_ plan: EnrolmentPlan) async -> Result<EnrolmentResult, UplinkError> {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: Result { () throws(UplinkError) in try Enroller(plan).enrol() })
            }
        }
    }

    private func failure(_ plan: EnrolmentPlan) async -> UplinkError? {
        if case .failure(let error) = await enrol(plan) { return error }
        return nil
    }

    @Test func aKnownCodeEnrolsAndBothSidesShowTheSameWords() async throws {
        try run.start()
        defer { run.stop() }
        let collector = try StubCollector()
        collector.state.withLock { $0.code = code }
        try await collector.serve { [self] address in
            let result = try await enrol(plan(address + "/", code: code.characters.lowercased())).get()
            #expect(result.identity.kiosk == collector.kiosk)
            #expect(result.words.count == 6)
            #expect(run.enrolled == result.identity)
            let folder = StateFolder(path: run.folder + "/state")
            let request = try #require(collector.state.withLock { $0.enrolments.last })
            #expect(try folder.transportKey()?.publicKey == request.transportKey)
            #expect(
                try folder.collector()
                    == CollectorRecord(
                        collector: address, authority: nil, pin: nil, code: request.code))
            #expect(try folder.pendingEnrolment() == nil)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(names == ["collector.json", "transport.key"])
            for name in names {
                let mode = try FileManager.default.attributesOfItem(atPath: folder.file(name))[.posixPermissions]
                #expect((mode as? NSNumber)?.intValue == 0o600)
            }
            // The code itself is nowhere in what was sent.
            let sent = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
            #expect(!sent.contains(code.characters))
        }
    }

    @Test func aCodeThatWasUsedHereIsKnownAgain() async throws {
        try run.start()
        defer { run.stop() }
        let collector = try StubCollector()
        collector.state.withLock { $0.code = code }
        try await collector.serve { [self] address in
            let enroller = try Enroller(plan(address))
            #expect(try enroller.identityByThisCode() == nil)
            let result = try await enrol(plan(address)).get()
            #expect(try enroller.identityByThisCode() == result.identity)
            let another = EnrolmentCode(random: [9, 9, 9, 9, 9, 9, 9, 9, 9, 9])
            #expect(try Enroller(plan(address, code: another.grouped)).identityByThisCode() == nil)
            // A kiosk that has lost its journal knows nobody, whatever this folder says.
            run.forget()
            #expect(try enroller.identityByThisCode() == nil)
        }
    }

    @Test func aLostAnswerIsAskedForAgainWithTheSameRequest() async throws {
        try run.start()
        defer { run.stop() }
        let collector = try StubCollector()
        collector.state.withLock {
            $0.code = code
            $0.faults = [.answer(status: 502, body: "<html>")]
        }
        try await collector.serve { [self] address in
            let error = await failure(plan(address))
            #expect(error?.exitStatus == 65 && error?.trouble == .answer)
            _ = try await enrol(plan(address)).get()
            let requests = collector.state.withLock { $0.enrolments }
            #expect(requests.count == 2)
            #expect(requests.first == requests.last)
        }
    }

    @Test func anotherCodeIsRefusedAndNothingIsKept() async throws {
        try run.start()
        defer { run.stop() }
        let collector = try StubCollector()
        collector.state.withLock { $0.code = EnrolmentCode(random: Array(repeating: 9, count: 10)) }
        try await collector.serve { [self] address in
            let error = await failure(plan(address))
            #expect(error?.exitStatus == 77)
            #expect(error?.description.contains("as the test wants it") == true)
            #expect(error?.trouble == .code)
            #expect(run.enrolled == nil)
            let kept = try StateFolder(path: run.folder + "/state").transportKey()
            #expect(kept == nil)
        }
    }

    @Test func aCollectorThatDoesNotKnowTheCodeIsNotBelieved() async throws {
        try run.start()
        defer { run.stop() }
        let collector = try StubCollector()
        let other = EnrolmentCode(random: Array(repeating: 9, count: 10))
        let key = SigningKey()
        let request = EnrolmentRequest(
            code: other, journalKey: key.publicKey, transportKey: key.publicKey, certificate: "", nonce: "", pin: "",
            hardware: "")
        let answer = EnrolmentAnswer(
            to: request, code: other, kiosk: collector.kiosk, epoch: 1, collectorName: "x",
            receiptKey: key.publicKey, collectorNonce: "n", authority: nil)
        let body = String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)
        collector.state.withLock { $0.faults = [.answer(status: 200, body: body)] }
        try await collector.serve { [self] address in
            let error = await failure(plan(address))
            #expect(error?.exitStatus == 77)
            #expect(error?.description.contains("does not prove that it knows the code") == true)
            #expect(run.enrolled == nil)
        }
    }

    @Test(
        arguments: [
            (200, "<html>Sign in</html>", 65), (404, "", 65), (500, "", 65), (301, "", 65), (429, "", 75),
            (503, "", 75),
            (403, #"{"error":"refused_code","message":"expired\u001b[2J"}"#, 77),
        ] as [(Int, String, Int32)])
    func everyOtherAnswerHasItsStatus(status: Int, body: String, exit: Int32) async throws {
        try run.start()
        defer { run.stop() }
        let collector = try StubCollector()
        collector.state.withLock { $0.faults = [.answer(status: status, body: body)] }
        try await collector.serve { [self] address in
            let error = await failure(plan(address))
            #expect(error?.exitStatus == exit)
            // No escape sequence from the network reaches the terminal.
            #expect(error?.description.contains("\u{1B}") == false)
        }
    }

    @Test func anAbsentRunAndAnAbsentCollectorAreNamed() async throws {
        let absentRun = await failure(plan("http://127.0.0.1:1"))
        #expect(absentRun?.exitStatus == 69)
        #expect(absentRun?.description.contains("is otsenka-kiosk.service running?") == true)
        try run.start()
        defer { run.stop() }
        let absentCollector = await failure(plan("http://127.0.0.1:1"))
        #expect(absentCollector?.exitStatus == 69)
        #expect(absentCollector?.description.contains("CURLE_COULDNT_CONNECT") == true)
    }

    @Test(
        arguments: [
            ("ftp://x", code.grouped, nil), ("https://", code.grouped, nil), ("https://x/y", code.grouped, nil),
            ("https://u@x", code.grouped, nil), ("x", code.grouped, nil), ("https://x", "ABC", nil),
            ("https://x", "UUUU-UUUU-UUUU-UUUU", nil), ("https://x", code.grouped, nil),
            ("https://x", code.grouped, ""),
            ("https://x", code.grouped, "sha256//AAAA"), ("http://127.0.0.1:1", code.grouped, "nonsense"),
        ] as [(String, String, String?)])
    func mistypedArgumentsAreBadUsage(address: String, code: String, pin: String?) {
        #expect {
            _ = try Enroller(plan(address, code: code, pin: pin))
        } throws: {
            ($0 as? UplinkError)?.exitStatus == 64
        }
    }

    @Test func plainHTTPNeedsItsFlag() {
        var plan = plan("http://127.0.0.1:1")
        plan.allowPlainLoopback = false
        #expect {
            _ = try Enroller(plan)
        } throws: {
            "\($0)".contains("--allow-plain-loopback")
        }
    }

    @Test func plainHTTPToAnotherMachineIsNotTried() async throws {
        try run.start()
        defer { run.stop() }
        let error = await failure(plan("http://192.0.2.1"))
        #expect(error?.description.contains("plain http is for 127.0.0.1") == true)
    }
}
