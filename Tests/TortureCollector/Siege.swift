import Curl
import Dispatch
import Glibc
import Synchronization

/// Everything that one bad kiosk and one bad address can do at once, until it is ended.
final class Siege: Sendable {
    private let group = DispatchGroup()
    private let isOver = Atomic<Bool>(false)
    private let effects = Mutexed<[String: Int]>([:])

    /// What begins so is no effect but a breach.
    static let taken = "taken: "

    /// `bad`: a kiosk that floods and one that tricks.
    init(of process: CollectorProcess, by bad: [SimulatedKiosk], connections: Int) throws {
        let port = process.port
        let flooder = bad[0]
        let trickster = bad[1]
        for name in ["flood refused", "connections closed", "slow heads", "slow bodies", "tricks refused"] {
            effects.change { $0[name] = 0 }
        }
        for number in 0..<2 { start("flood \(number)") { try? $0.flood(flooder, port) } }
        start("tricks") { try? $0.trick(trickster, port) }
        start("connections") { $0.hang(port, trickster, connections) }
    }

    /// Stops and tells how often each thing took effect.
    func end() -> [String: Int] {
        isOver.store(true, ordering: .relaxed)
        group.wait()
        return effects.value
    }

    private func start(_ name: String, _ body: @escaping @Sendable (Siege) -> Void) {
        DispatchQueue(label: name).async(group: group) { body(self) }
    }

    private var goesOn: Bool { !isOver.load(ordering: .relaxed) }

    private func happened(_ name: String, _ count: Int = 1) { effects.change { $0[name, default: 0] += count } }

    /// The same valid upload, 500 times a second over each of two connections.
    private func flood(_ kiosk: SimulatedKiosk, _ port: Int) throws {
        var kiosk = kiosk
        let client = try Client("http://127.0.0.1:\(port)")
        let request = CurlRequest(try kiosk.fake.upload(1, 3), to: client.address)
        while goesOn {
            if (try? client.perform(request))?.status == 429 { happened("flood refused") }
            pause(milliseconds: 1)
        }
    }

    private func trick(_ kiosk: SimulatedKiosk, _ port: Int) throws {
        var hostile = try HostileKiosk(kiosk, port: port)
        while goesOn {
            for trick in HostileKiosk.Trick.allCases where goesOn {
                // Any refusal will do, a closed connection too; taking it would not.
                let isTaken = try hostile.play(trick) == 200
                happened(isTaken ? "\(Self.taken)\(trick)" : "tricks refused")
                pause(milliseconds: 150)
            }
        }
    }

    /// Connections that say nothing, heads that never end, bodies that trickle.
    private func hang(_ port: Int, _ kiosk: SimulatedKiosk, _ most: Int) {
        var kiosk = kiosk
        var silent: [RawConnection] = []
        let head = (try? HostileKiosk.head(of: kiosk.fake.upload(1, 3))) ?? ""
        while goesOn {
            while silent.count < most, goesOn, let connection = RawConnection(port: port) {
                switch silent.count % 3 {
                case 0: if connection.send(Array("GET / HTTP/1.1\r\nX-Slow: ".utf8)) { happened("slow heads") }
                case 1:
                    if connection.send(Array((head + "Content-Length: 900\r\n\r\n{").utf8)) { happened("slow bodies") }
                default: break
                }
                silent.append(connection)
            }
            for connection in silent { connection.send(Array("a".utf8)) }
            let before = silent.count
            silent.removeAll { $0.received() == nil }
            happened("connections closed", before - silent.count)
            pause(milliseconds: 500)
        }
    }
}

/// A value that threads share.
final class Mutexed<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock(\.self) }
    func change(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
}

/// Lets a while pass on this thread.
func pause(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }
