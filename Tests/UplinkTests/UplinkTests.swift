import Delivery
import Foundation
import Hummingbird
import KioskControl
import Ledger
import Logging
import Synchronization
import Testing
import Wire

@testable import Uplink

/// An enrolled uplink on a thread of its own, between a fake `run` and a stub collector.
final class UplinkBench: Sendable {
    let run: FakeRun
    let collector: StubCollector
    let state: StateFolder
    private let stopped = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    init(_ collector: StubCollector, address: String) throws {
        self.collector = collector
        run = try FakeRun()
        state = StateFolder(path: run.folder + "/state")
        try state.create()
        let key = SigningKey()
        try state.write(key)
        try state.write(CollectorRecord(collector: address, authority: nil, pin: nil))
        collector.state.withLock { [run] state in
            state.transportKey = key.publicKey
            state.journalKey = run.journalKey.publicKey
        }
        run.enrol(
            KioskIdentity(
                kiosk: collector.kiosk, epoch: 1, journalKey: run.journalKey.publicKey, collector: address,
                collectorName: "region.example", receiptKey: collector.receiptKey.publicKey))
        try run.start()
    }

    /// Everything within milliseconds, so that no test waits for a clock.
    func start(_ change: (inout UplinkSettings) -> Void = { _ in }) {
        var settings = UplinkSettings()
        settings.runtimeFolder = run.folder
        settings.stateFolder = state.path
        settings.allowPlainLoopback = true
        settings.earliestTime = 0
        settings.enrolmentPollMilliseconds = 5
        settings.delivery.flushRecords = 1
        settings.delivery.flushMilliseconds = 20
        settings.delivery.flushSpreadMilliseconds = 0
        settings.delivery.backoffBaseMilliseconds = 5
        settings.delivery.backoffCapMilliseconds = 10
        settings.delivery.startSpreadMilliseconds = 0
        settings.delivery.heartbeatMilliseconds = 50
        settings.delivery.heartbeatSpreadMilliseconds = 0
        settings.delivery.runRetryMilliseconds = 5
        change(&settings)
        let final = settings
        Thread.detachNewThread { [self] in
            UplinkProgram(settings: final, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                .deliver { !stopped.load(ordering: .relaxed) }
            ended.signal()
        }
    }

    func stop() {
        stopped.store(true, ordering: .relaxed)
        ended.wait()
        run.stop()
    }

    /// Waits until something is so; a minute is only for a machine that stands still.
    func until(_ what: String, _ condition: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while !condition() {
            try #require(ContinuousClock.now < end, "\(what) never came; complaints: \(collector.complaints)")
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}

private func withUplink(
    _ body: @escaping @Sendable (UplinkBench) async throws -> Void
) async throws {
    let collector = try StubCollector()
    try await collector.serve { address in
        let bench = try UplinkBench(collector, address: address)
        defer { bench.stop() }
        try await body(bench)
    }
}

struct FaultRow: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var fault: StubCollector.Fault
    var verdicts: [Verdict] = []

    static func json(_ code: Refusal.Code, need: Int64? = nil) -> StubCollector.Fault {
        let body = (try? JSONEncoder().encode(Refusal(error: code, message: "m", need: need))) ?? Data()
        return .answer(status: code.status, body: String(decoding: body, as: UTF8.self))
    }

    static let table: [FaultRow] = [
        FaultRow(
            testDescription: "a captive portal's page",
            fault: .answer(status: 200, body: "<html>Sign in</html>", fields: ["Content-Type": "text/html"])),
        FaultRow(testDescription: "an empty 204", fault: .answer(status: 204, body: "")),
        FaultRow(
            testDescription: "a redirect elsewhere",
            fault: .answer(status: 301, body: "", fields: ["Location": "http://127.0.0.1:1/"])),
        FaultRow(
            testDescription: "an answer of a megabyte",
            fault: .answer(status: 200, body: String(repeating: "x", count: 1 << 20))),
        FaultRow(testDescription: "half a JSON text", fault: .answer(status: 200, body: #"{"receipt":"ots"#)),
        FaultRow(
            testDescription: "a gzip bomb's field",
            fault: .answer(status: 200, body: "x", fields: ["Content-Encoding": "gzip"])),
        FaultRow(testDescription: "another kiosk's receipt", fault: .otherKiosk),
        FaultRow(testDescription: "a receipt by another key", fault: .otherKey),
        FaultRow(testDescription: "a note without a cosignature", fault: .uncosigned),
        FaultRow(testDescription: "a note that is none", fault: .earlier),
        FaultRow(testDescription: "records kept, answer lost", fault: .lostAnswer),
        FaultRow(testDescription: "gap", fault: json(.gap, need: 2)),
        FaultRow(testDescription: "gap beyond the head", fault: json(.gap, need: 1 << 60)),
        FaultRow(testDescription: "fork", fault: json(.fork), verdicts: [.fork]),
        FaultRow(testDescription: "rewind_kiosk", fault: json(.rewindKiosk), verdicts: [.rewindKiosk]),
        FaultRow(testDescription: "epoch_closed", fault: json(.epochClosed), verdicts: [.epochClosed]),
        FaultRow(testDescription: "revoked", fault: json(.revoked), verdicts: [.revoked]),
        FaultRow(testDescription: "413", fault: json(.tooLarge)),
        FaultRow(testDescription: "422", fault: json(.brokenChain)),
        FaultRow(
            testDescription: "429", fault: .answer(status: 429, body: "", fields: ["Retry-After": "0"])),
        FaultRow(testDescription: "503", fault: json(.unavailable)),
        FaultRow(testDescription: "401", fault: json(.badSignature)),
        FaultRow(testDescription: "500", fault: json(.fault)),
    ]
}

@Suite(.serialized) struct UplinkTests {
    @Test func recordsArriveSignedAndReceiptsComeBack() async throws {
        try await withUplink { bench in
            bench.run.press(1_234)
            bench.start()
            try await bench.until("the receipt") { bench.run.receiptedCount == 1_234 }
            #expect(bench.collector.stored == 1_234)
            bench.run.press(5)
            try await bench.until("the second receipt") { bench.run.receiptedCount == 1_239 }
            #expect(bench.collector.complaints == [])
            #expect(bench.run.verdicts == [])
            #expect(bench.collector.state.withLock { $0.uploads.prefix(3) } == ["1-500", "501-1000", "1001-1234"])
        }
    }

    @Test(arguments: FaultRow.table)
    func afterAnyAnswerEverythingStillArrivesOnce(row: FaultRow) async throws {
        try await withUplink { bench in
            bench.collector.state.withLock { $0.faults = [row.fault] }
            bench.run.press(40)
            bench.start()
            try await bench.until("the receipt") { bench.run.receiptedCount == 40 }
            #expect(bench.collector.stored == 40)
            #expect(bench.collector.complaints == [])
            #expect(bench.run.verdicts == row.verdicts)
        }
    }

    @Test func aRestoredCollectorGetsItsRecordsBack() async throws {
        try await withUplink { bench in
            bench.run.press(30)
            bench.start()
            try await bench.until("the receipt") { bench.run.receiptedCount == 30 }
            bench.collector.state.withLock { state in state.lines = state.lines.filter { $0.key <= 10 } }
            bench.run.press(1)
            try await bench.until("the resending") { bench.collector.stored == 31 }
            try await bench.until("the receipt") { bench.run.receiptedCount == 31 }
            #expect(bench.collector.complaints == [])
        }
    }

    @Test func aRunThatStartsAnewIsFoundAgain() async throws {
        try await withUplink { bench in
            bench.run.press(3)
            bench.start()
            try await bench.until("the receipt") { bench.run.receiptedCount == 3 }
            bench.run.stop()
            bench.run.press(4)
            try bench.run.start()
            try await bench.until("the receipt") { bench.run.receiptedCount == 7 }
        }
    }

    @Test func anUplinkThatStartsFirstWaitsForItsEnrolment() async throws {
        try await withUplink { bench in
            let identity = try #require(bench.run.enrolled)
            bench.run.stop()
            bench.start()
            bench.run.press(2)
            try bench.run.start()
            bench.run.enrol(identity)
            try await bench.until("the receipt") { bench.run.receiptedCount == 2 }
        }
    }

    @Test func heartbeatsTellTheVitalsAndBringTheTime() async throws {
        try await withUplink { bench in
            bench.start()
            try await bench.until("two heartbeats") { bench.collector.state.withLock { $0.heartbeats.count } >= 2 }
            let heartbeats = bench.collector.state.withLock { $0.heartbeats }
            #expect(heartbeats.first?.marks == ["no_input"])
            #expect(heartbeats.first?.bootMilliseconds == 12_345)
            #expect(Set(heartbeats.map(\.nonce)).count == heartbeats.count)
            try await bench.until("the time floor") { (try? bench.state.timeFloor()) == 1_795_400_000 }
            #expect(bench.collector.complaints == [])
        }
    }

    @Test func aFolderOfAnotherCollectorIsNotUsed() async throws {
        try await withUplink { bench in
            try bench.state.write(
                CollectorRecord(collector: "http://127.0.0.1:1", authority: nil, pin: nil))
            bench.run.press(1)
            bench.start()
            try await Task.sleep(for: .milliseconds(50))
            #expect(bench.collector.state.withLock { $0.uploads.isEmpty })
            #expect(bench.run.receiptedCount == 0)
        }
    }
}
