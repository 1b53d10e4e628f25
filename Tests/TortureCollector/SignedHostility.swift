import Curl
import FakeKiosk
import FoundationEssentials
import Glibc
import RealPrograms
import SeededRandom
import Torture
import Wire

/// G29: kiosks whose keys are good sign hostile requests. What only a signature opens is thereby met with hostile bytes over
/// real HTTP: whatever comes, the collector answers in time, never with 5xx, stays within its memory, receipts nothing but
/// a chain that continues, and goes on serving an honest kiosk.
public enum SignedHostility {
    static let torture = Torture("G29 signed hostile bodies", tries: 20_000) { try await run($0) }

    /// Of the collector's memory at its highest, KiB (`reliability.md`, G29).
    private static let peakKibibytes = 512 * 1024
    private static let kiosks = 4

    /// `trial.tries` requests; `command` is another collector than the real one.
    public static func run(_ trial: Trial, command: [String] = []) async throws -> Tried {
        let count = Count(torture.promise, trial)
        let process = try CollectorProcess(
            "hostile", at: trial.place, port: CollectorProcess.freePort(), command: command)
        try process.start()
        try process.waitUntilItAnswers()
        var siege = try HostileSiege(process, kiosks: kiosks, seed: trial.seed, count)
        for _ in 0..<trial.tries {
            guard !process.hasEnded else {
                count.change { $0.violate("the collector has ended") }
                break
            }
            try siege.send()
        }
        siege.tell(trial)
        let peak = process.pid.flatMap { ProcessMemory.peakKibibytes($0) } ?? 0
        let status = process.end(SIGTERM)
        var found = try await Ledgers.compare(process, with: siege.all, at: trial.place, countsRatings: false)
        if status != 0 { found.append("SIGTERM ended the collector with \(status.map(String.init) ?? "a signal")") }
        if !(1...peakKibibytes).contains(peak) { found.append("the collector's memory came to \(peak) KiB") }
        trial.progress.line("\(torture.promise): the collector's memory came to \(peak) KiB")
        count.change { row in for fault in found { row.violate(fault) } }
        return count.row
    }
}

/// Hostile kiosks in turns, and an honest one between them.
private struct HostileSiege {
    private let process: CollectorProcess
    private let client: Client
    private let count: Count
    private var requests: HostileRequests
    private var kiosks: [SimulatedKiosk] = []
    private var honest: SimulatedKiosk
    /// Kiosks that have contradicted themselves and are of no more use; what they were receipted must still be there.
    private var spent: [SimulatedKiosk] = []
    private var statuses: [Int: Int] = [:]
    private var refused: [HostileRequests.Kind: Int] = [:]
    private var turn = 0

    var all: [SimulatedKiosk] { kiosks + spent + [honest] }

    init(_ process: CollectorProcess, kiosks: Int, seed: UInt64, _ count: Count) throws {
        self.process = process
        self.count = count
        client = try Client(process.address)
        requests = HostileRequests(seed: seed)
        honest = try SimulatedKiosk(enrolled: "bystander", with: process, seed: seed)
        for _ in 0..<kiosks { self.kiosks.append(try enrol(seed)) }
    }

    private func enrol(_ seed: UInt64) throws -> SimulatedKiosk {
        var kiosk = try SimulatedKiosk(
            enrolled: "hostile-\(kiosks.count + spent.count)", with: process, seed: seed &+ UInt64(spent.count))
        try kiosk.rate(3)
        let answer = try client.send(&kiosk)
        if answer != .receipt { count.change { $0.violate("a new kiosk got \(answer)") } }
        return kiosk
    }

    /// The next hostile request; after each twenty, an honest one.
    mutating func send() throws {
        let index = turn % kiosks.count
        turn += 1
        let hostile = try requests.next(of: kiosks[index].fake)
        count.change { $0.tries += 1 }
        do throws(CurlError) {
            let response = try client.perform(CurlRequest(hostile.request, to: client.address))
            statuses[response.status, default: 0] += 1
            try? judge(response, to: hostile, of: index)
        } catch {
            statuses[0, default: 0] += 1
            // Closing the connection is an answer to what is no HTTP; saying nothing is none.
            if error.isTimeout { count.change { $0.violate("\(hostile.kind.rawValue): \(error)") } }
        }
        if turn % 20 == 0 { try beHonest() }
    }

    private mutating func judge(_ response: CurlResponse, to hostile: HostileRequest, of index: Int) throws {
        let kind = hostile.kind
        let said = String(decoding: response.body.prefix(200), as: UTF8.self)
        switch response.status {
        case 200:
            let fault =
                kind == .heartbeat
                ? HostileOracle.fault(inHeartbeatAnswer: response, to: hostile, of: kiosks[index])
                : HostileOracle.fault(in: response, to: hostile, of: &kiosks[index])
            if let fault { count.change { $0.violate("\(kind.rawValue): \(fault)") } }
        case 500...: count.change { $0.violate("\(kind.rawValue) was answered \(response.status): \(said)") }
        default:
            refused[kind, default: 0] += 1
            count.change { $0.faults += 1 }
            let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(response.body))
            // It has shown two pasts, or a head that it does not have.
            if [.fork, .rewindKiosk, .epochClosed, .rewindCollector].contains(refusal?.error) {
                let seed = UInt64(turn)
                spent.append(kiosks[index])
                kiosks[index] = try enrol(seed)
            }
        }
    }

    private mutating func beHonest() throws {
        try honest.rate(1)
        let answer = Result { try client.send(&honest) }
        if (try? answer.get()) != .receipt { count.change { $0.violate("the honest kiosk got \(answer)") } }
    }

    /// What was answered how often. A kind that was never refused has not reached what it is for.
    func tell(_ trial: Trial) {
        let kinds = statuses.sorted { $0.key < $1.key }.map { "\($0.key == 0 ? "closed" : "\($0.key)") \($0.value)" }
        trial.progress.line("G29 signed hostile bodies: answers \(kinds.joined(separator: ", "))")
        guard trial.tries >= 50 * HostileRequests.Kind.allCases.count else { return }
        let never = HostileRequests.Kind.allCases.filter { refused[$0] == nil && $0.isRefusable }
        if !never.isEmpty { count.change { $0.violate("never refused: \(never)") } }
    }
}

extension HostileRequests.Kind {
    /// Media types mean nothing to the collector, and records are taken whatever they say, if they chain.
    fileprivate var isRefusable: Bool {
        ![.mediaType, .hostileRecords, .manyHostileRecords, .hostileReceipt, .hostileSuccession].contains(self)
    }
}
