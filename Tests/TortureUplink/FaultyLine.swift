import Foundation
import SeededRandom
import Synchronization

/// What can happen to a request and its answer between a kiosk and its collector.
enum LineFault: String, CaseIterable, Sendable {
    /// Never arrives.
    case requestLost
    /// A part of it arrives; the connections end, or are torn down.
    case requestCut, requestTorn
    /// Arrives, and nothing comes back.
    case answerLost, answerTorn, answerCut
    /// The line says early that nothing more will come back, and the request arrives all the same.
    case halfClosed
    /// Arrives twice, one after the other, or both at once over two connections.
    case repeated, together
    /// Arrives after requests that were made later.
    case late
    /// An answer to an earlier request comes back instead.
    case earlierAnswer
    /// The answer comes in pieces; it comes after the kiosk's patience.
    case slowAnswer, tooLateAnswer
    /// One bit is another one.
    case spoiltRequest, spoiltAnswer
    /// Something in between answers, and the request arrives all the same or not.
    case portal, redirect, status

    /// Chosen less often: each of them costs the kiosk's whole patience.
    var weight: Int { self == .tooLateAnswer ? 1 : 12 }
}

/// A line that fails on purpose between kiosks and their collector. Thread-safe.
final class FaultyLine: Sendable {
    private struct State {
        var random: SplitMix
        var percent = 0
        var counts: [LineFault: Int] = [:]
        /// Answers of before, by kiosk.
        var earlier: [String: [UInt8]] = [:]
        /// Requests that arrive after so many others.
        var late: [(bytes: [UInt8], after: Int)] = []
    }

    private let state: Mutex<State>
    private let upstream: UInt16
    /// Longer than the kiosk waits for an answer, milliseconds.
    private let patienceMilliseconds: Int
    private let listener = Mutex<SocketListener?>(nil)

    init(to upstream: UInt16, seed: UInt64, patienceMilliseconds: Int) throws {
        self.upstream = upstream
        self.patienceMilliseconds = patienceMilliseconds
        state = Mutex(State(random: SplitMix(seed)))
        let made = try SocketListener { [weak self] client in self?.serve(client) }
        listener.withLock { $0 = made }
    }

    var address: String { listener.withLock { $0?.address ?? "" } }

    /// From now on so many of a hundred exchanges go wrong.
    func fail(percent: Int) { state.withLock { $0.percent = percent } }

    /// Faults that took effect, by kind.
    var counts: [LineFault: Int] { state.withLock { $0.counts } }
    var faults: Int { counts.values.reduce(0, +) }

    private func serve(_ client: Socket) {
        while let request = client.readMessage() {
            let (fault, late, draws) = draw(request)
            for bytes in late { Thread.detachNewThread { [self] in _ = pass(bytes) } }
            guard let fault else {
                guard let answer = pass(request.bytes) else { return }
                remember(answer, of: request)
                guard client.write(answer) else { return }
                continue
            }
            guard carry(request, client, fault, draws) else { return }
        }
    }

    /// What happens to this request, and which late ones arrive now.
    private func draw(_ request: HTTPMessage) -> (LineFault?, late: [[UInt8]], draws: [UInt64]) {
        state.withLock { state in
            guard !request.isEnrolment else { return (nil, [], []) }
            for index in state.late.indices { state.late[index].after -= 1 }
            let due = state.late.filter { $0.after <= 0 }.map(\.bytes)
            state.late.removeAll { $0.after <= 0 }
            guard Int.random(in: 0..<100, using: &state.random) < state.percent else { return (nil, due, []) }
            let kinds = LineFault.allCases.flatMap { Array(repeating: $0, count: $0.weight) }
            let fault = kinds[Int.random(in: 0..<kinds.count, using: &state.random)]
            return (fault, due, (0..<3).map { _ in state.random.next() })
        }
    }

    /// The collector's answer; nothing if there is none.
    private func pass(_ bytes: some Collection<UInt8>) -> [UInt8]? {
        guard let collector = Socket.connect(upstream) else { return nil }
        collector.limitReading(milliseconds: 30_000)
        guard collector.write(bytes) else { return nil }
        return collector.readMessage()?.bytes
    }

    private func remember(_ answer: [UInt8], of request: HTTPMessage) {
        guard let kiosk = request.kiosk, request.method == "PUT" else { return }
        state.withLock { $0.earlier[kiosk] = answer }
    }

    private func count(_ fault: LineFault) { state.withLock { $0.counts[fault, default: 0] += 1 } }

    /// Does it; whether the kiosk's connection goes on.
    private func carry(_ request: HTTPMessage, _ client: Socket, _ fault: LineFault, _ draws: [UInt64]) -> Bool {
        switch fault {
        case .requestLost: count(fault)
        case .requestCut, .requestTorn: return cutRequest(request, client, fault, draws)
        case .answerLost, .answerTorn, .answerCut, .slowAnswer, .tooLateAnswer, .spoiltAnswer:
            return spoilAnswer(request, client, fault, draws)
        case .halfClosed:
            client.endWriting()
            if pass(request.bytes) != nil { count(fault) }
        case .repeated, .together: return double(request, client, fault)
        case .late:
            state.withLock { $0.late.append((request.bytes, 1 + Int(draws[0] % 6))) }
            count(fault)
        case .earlierAnswer:
            guard let earlier = state.withLock({ $0.earlier[request.kiosk ?? ""] }) else { return false }
            if pass(request.bytes) != nil { count(fault) }
            return client.write(earlier)
        case .spoiltRequest:
            var bytes = request.bytes
            let start = request.body.isEmpty ? 0 : request.bodyOffset
            bytes[start + Int(draws[0] % UInt64(bytes.count - start))] ^= 1 << UInt8(draws[1] % 8)
            guard let answer = pass(bytes) else { return false }
            count(fault)
            return client.write(answer)
        case .portal, .redirect, .status:
            // Some boxes answer in place of the collector, others after it.
            if draws[1] % 2 == 0 { _ = pass(request.bytes) }
            count(fault)
            return client.write(Self.box(fault, draws[0]))
        }
        return false
    }

    private func cutRequest(_ request: HTTPMessage, _ client: Socket, _ fault: LineFault, _ draws: [UInt64]) -> Bool {
        guard let collector = Socket.connect(upstream) else { return false }
        collector.write(request.bytes.prefix(Int(draws[0] % UInt64(request.bytes.count))))
        if fault == .requestTorn {
            collector.tear()
            client.tear()
        }
        count(fault)
        return false
    }

    private func spoilAnswer(_ request: HTTPMessage, _ client: Socket, _ fault: LineFault, _ draws: [UInt64]) -> Bool {
        guard var answer = pass(request.bytes) else { return false }
        count(fault)
        switch fault {
        case .answerTorn: client.tear()
        case .answerCut: client.write(answer.prefix(Int(draws[0] % UInt64(answer.count))))
        case .slowAnswer:
            for start in stride(from: 0, to: answer.count, by: max(1, answer.count / 4)) {
                usleep(2_000)
                guard client.write(answer[start..<min(answer.count, start + max(1, answer.count / 4))]) else {
                    return false
                }
            }
            return true
        case .tooLateAnswer: client.waitForEnd(milliseconds: patienceMilliseconds * 2)
        case .spoiltAnswer:
            answer[Int(draws[0] % UInt64(answer.count))] ^= 1 << UInt8(draws[1] % 8)
            // A wrong length would keep the kiosk waiting for bytes that never come.
            client.write(answer)
        default: break
        }
        return false
    }

    private func double(_ request: HTTPMessage, _ client: Socket, _ fault: LineFault) -> Bool {
        if fault == .together {
            guard let collector = Socket.connect(upstream), collector.write(request.bytes) else { return false }
            let answer = pass(request.bytes)
            collector.limitReading(milliseconds: 30_000)
            guard collector.readMessage() != nil, let answer else { return false }
            count(fault)
            return client.write(answer)
        }
        guard pass(request.bytes) != nil, let answer = pass(request.bytes) else { return false }
        count(fault)
        return client.write(answer)
    }

    /// What a captive portal or a proxy says.
    private static func box(_ fault: LineFault, _ draw: UInt64) -> [UInt8] {
        switch fault {
        case .portal:
            return HTTPMessage.answer(
                200, "<html><body>Please log in</body></html>", fields: [("Content-Type", "text/html")])
        case .redirect:
            let status = [301, 302, 303, 307, 308][Int(draw % 5)]
            return HTTPMessage.answer(status, "", fields: [("Location", "http://portal.invalid/login")])
        default:
            let statuses = [400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 429, 500, 502, 503, 504]
            return HTTPMessage.answer(
                statuses[Int(draw % UInt64(statuses.count))], "no", fields: [("Retry-After", "0")])
        }
    }
}
