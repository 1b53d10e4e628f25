import Curl
import Dispatch
import FakeKiosk
import FoundationEssentials
import Glibc
import RealPrograms
import SeededRandom
import Synchronization
import Torture
import Wire

/// G24: the same batch over 16 connections at once, whole, split and overlapping: one copy is stored, and all get a
/// receipt that verifies.
public enum ManyConnections {
    static let torture = Torture("G24 one batch over 16 connections", tries: 1000) { try await run($0) }

    public static let connections = 16
    private static let kiosks = 8

    /// `trial.tries` rounds; `command` is another collector than the real one, and so is one that serves fewer requests of
    /// a kiosk at once than there are. Over one connection only what is wrong without any hurry shows.
    public static func run(
        _ trial: Trial, command: [String] = [], connections: Int = connections, atOnce: Int = connections
    ) async throws -> Tried {
        let count = Count(torture.promise, trial)
        let process = try CollectorProcess(
            "connections", at: trial.place, port: CollectorProcess.freePort(), command: command)
        try process.start(options: ["--connections-per-kiosk", "\(atOnce)"])
        try process.waitUntilItAnswers()
        var random = SplitMix(trial.seed)
        var kiosks = try (0..<kiosks).map {
            try SimulatedKiosk(enrolled: "kiosk-\($0)", with: process, seed: random.next())
        }
        let clients = try (0..<connections).map { _ in try Client(process.address) }
        for round in 0..<trial.tries {
            let requests = try requests(connections, of: &kiosks[round % kiosks.count], &random)
            let answers = send(requests, over: clients)
            count.change { row in
                row.tries += 1
                row.faults += connections - 1
            }
            for (request, answer) in zip(requests, answers) {
                judge(answer, to: request, of: &kiosks[round % kiosks.count], count)
            }
        }
        let status = process.end(SIGTERM)
        var found = try await Ledgers.compare(process, with: kiosks, at: trial.place)
        if status != 0 { found.append("SIGTERM ended the collector with \(status.map(String.init) ?? "a signal")") }
        count.change { row in for fault in found { row.violate(fault) } }
        return count.row
    }

    /// One request for each connection: in every other round all the same, else parts that overlap and meet.
    private static func requests(
        _ connections: Int, of kiosk: inout SimulatedKiosk, _ random: inout SplitMix
    ) throws -> [FakeRequest] {
        try kiosk.rate(2 + Int(random.next() % 5))
        let (first, last) = (kiosk.receipted + 1, kiosk.fake.count)
        let whole = try kiosk.fake.upload(first, last)
        if random.next() % 2 == 0 { return Array(repeating: whole, count: connections) }
        return try (0..<connections).map { index in
            if index % 4 == 0 { return whole }
            let middle = first + Int64(random.next() % UInt64(last - first))
            switch index % 4 {
            case 1: return try kiosk.fake.upload(first, middle)
            case 2: return try kiosk.fake.upload(middle + 1, last)
            // Begins in what is stored already.
            default: return try kiosk.fake.upload(max(1, first - Int64(random.next() % 4)), middle)
            }
        }
    }

    /// All at once, each over its own connection. A part that came before what it follows is told so and comes again.
    private static func send(_ requests: [FakeRequest], over clients: [Client]) -> [CurlResponse?] {
        let answers = Answers(requests.count)
        let group = DispatchGroup()
        for (index, request) in requests.enumerated() {
            let client = clients[index]
            DispatchQueue(label: "connection \(index)").async(group: group) {
                for _ in 0..<200 {
                    let response = try? client.perform(CurlRequest(request, to: client.address))
                    answers.set(response, at: index)
                    let isEarly = response?.status == 409 && response?.says("gap") == true
                    if !isEarly || request.first == requests[0].first { return }
                }
            }
        }
        group.wait()
        return answers.all
    }

    private static func judge(
        _ response: CurlResponse?, to request: FakeRequest, of kiosk: inout SimulatedKiosk, _ count: Count
    ) {
        let name = "\(kiosk.fake.id), \(request.first)-\(request.last)"
        guard let response else { return count.change { $0.violate("\(name): no answer") } }
        let answer = kiosk.hear(response, last: request.last)
        if answer != .receipt { count.change { $0.violate("\(name): \(answer)") } }
    }
}

/// What each connection was answered last.
private final class Answers: Sendable {
    private let state: Mutex<[CurlResponse?]>

    init(_ count: Int) { state = Mutex(Array(repeating: nil, count: count)) }

    func set(_ response: CurlResponse?, at index: Int) { state.withLock { $0[index] = response } }
    var all: [CurlResponse?] { state.withLock(\.self) }
}

extension CurlResponse {
    /// Whether the body is a refusal of this name.
    fileprivate func says(_ name: String) -> Bool {
        (try? JSONDecoder().decode(Refusal.self, from: Data(body)))?.error.rawValue == name
    }
}
