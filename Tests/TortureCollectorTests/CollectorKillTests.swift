import Glibc
import RealPrograms
import Testing
import Torture
import TortureCollector

/// The C tier of the part `collector`, and the proofs that its harnesses see what they look for.
@Suite(.serialized) struct CollectorKillTests {
    private func trial(_ tries: Int, _ body: (Trial) async throws -> Tried) async throws -> Tried {
        let place = try Place(under: "/var/tmp", programs: Programs.folder, named: "otsenka-torture")
        defer { place.remove() }
        return try await body(Trial(seed: 1, tries: tries, place: place))
    }

    @Test func `what has a receipt outlives every kill`() async throws {
        let row = try await trial(40) { try await CollectorKills.run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test func `a receipt before COMMIT is caught`() async throws {
        let row = try await trial(20) {
            try await CollectorKills.run($0, command: [Programs.path("wrong-collector"), "early-receipt"])
        }
        #expect(row.faults > 0 && row.violations > 0, "\(row)")
    }

    @Test func `a disk that fails gets no receipt and ends the program with 75`() async throws {
        let row = try await trial(12) { try await FailingCalls.run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test func `one batch over sixteen connections is stored once`() async throws {
        let row = try await trial(30) { try await ManyConnections.run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test func `a store that takes doubles is caught`() async throws {
        let row = try await trial(4) {
            try await ManyConnections.run($0, command: [Programs.path("wrong-collector"), "doubles"])
        }
        #expect(row.faults > 0 && row.details.contains { $0.contains("is stored twice") }, "\(row)")
    }

    @Test func `a store that looks too early at what is there is caught, and only where kiosks come at once`()
        async throws
    {
        let command = [Programs.path("wrong-collector"), "looks-too-early"]
        let row = try await trial(4) { try await ManyConnections.run($0, command: command) }
        #expect(row.violations > 0, "\(row)")
        let alone = try await trial(4) { try await ManyConnections.run($0, command: command, connections: 1) }
        #expect(alone.violations == 0, "\(alone)")
    }

    @Test func `a collector that serves four requests of a kiosk at once is caught`() async throws {
        let row = try await trial(4) { try await ManyConnections.run($0, atOnce: 4) }
        #expect(row.faults > 0 && row.violations > 0, "\(row)")
    }

    @Test func `a collector that lets a kiosk ask as often as it likes is caught`() async throws {
        let row = try await trial(40) {
            try await OneBadKiosk.run($0, kiosks: 10, command: [Programs.path("wrong-collector"), "admits-all"])
        }
        #expect(row.details.contains { $0.contains("flood refused never took effect") }, "\(row)")
        #expect(row.details.contains { $0.contains("not named") }, "\(row)")
    }

    @Test func `a collector that looks at all its connections for each request is caught`() async throws {
        let row = try await trial(200) {
            try await OneBadKiosk.run(
                $0, kiosks: 20, command: [Programs.path("wrong-collector"), "scans-connections"], leastForTail: 100)
        }
        #expect(row.details.contains { $0.contains("the 99th percentile of good kiosks rose") }, "\(row)")
    }

    @Test func `one bad kiosk does not hurt the others`() async throws {
        let row = try await trial(120) { try await OneBadKiosk.run($0, kiosks: 20) }
        #expect(row.isKept, "\(row)")
    }

    @Test func `the service manager hears when it is ready, that it lives, and that it stops`() throws {
        let place = try Place(under: "/var/tmp", programs: Programs.folder, named: "otsenka-torture")
        defer { place.remove() }
        let process = try CollectorProcess("notify", at: place, port: CollectorProcess.freePort())
        let socket = try NotifySocket(path: place.folder + "/n.sock")
        try process.start(environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "200000"])
        try socket.hear("READY=1")
        try process.waitUntilItAnswers()
        for _ in 1...2 { try socket.hear("WATCHDOG=1") }
        #expect(process.end(SIGTERM) == 0)
        try socket.hear("STOPPING=1")
    }
}
