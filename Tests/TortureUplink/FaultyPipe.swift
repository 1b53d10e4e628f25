import Foundation
import Glibc
import SeededRandom
import Synchronization

/// What can happen to a connection whose content nobody on the way can read.
enum PipeFault: String, CaseIterable, Sendable {
    /// It ends, or is torn down, after so many bytes.
    case cut, torn
    /// One direction ends, the other goes on.
    case halfClosed
    /// Nothing more comes through, and nobody says so.
    case stalled
    /// One bit is another one.
    case flipped
}

/// A line that fails byte by byte, whatever is spoken on it: for TLS. Every connection ends badly, sooner or later.
/// Thread-safe.
final class FaultyPipe: Sendable {
    private struct State {
        var random: SplitMix
        var isFaulty = false
        var counts: [PipeFault: Int] = [:]
    }

    private let state: Mutex<State>
    private let upstream: UInt16
    private let listener = Mutex<SocketListener?>(nil)

    /// A handshake and half a dozen small batches; less than the handshake alone is common.
    private static let mostBytes: UInt64 = 20_000

    init(to upstream: UInt16, seed: UInt64) throws {
        self.upstream = upstream
        state = Mutex(State(random: SplitMix(seed)))
        let made = try SocketListener { [weak self] client in self?.serve(client) }
        listener.withLock { $0 = made }
    }

    var port: UInt16 { listener.withLock { $0?.port ?? 0 } }
    var counts: [PipeFault: Int] { state.withLock { $0.counts } }
    var faults: Int { counts.values.reduce(0, +) }
    func becomeFaulty() { state.withLock { $0.isFaulty = true } }

    private func serve(_ client: Socket) {
        guard let collector = Socket.connect(upstream) else { return }
        let fate = state.withLock { state -> (fault: PipeFault, bytes: Int, bit: UInt8)? in
            guard state.isFaulty else { return nil }
            let fault = PipeFault.allCases[Int(state.random.next() % UInt64(PipeFault.allCases.count))]
            let bytes = Int(state.random.next() % (state.random.next() % 3 == 0 ? 4_000 : Self.mostBytes))
            return (fault, bytes, UInt8(state.random.next() % 8))
        }
        var left = fate?.bytes ?? .max
        while let (isFromClient, bytes) = Socket.next(of: client, collector) {
            var bytes = bytes
            let (from, to) = isFromClient ? (client, collector) : (collector, client)
            if let fate, left < bytes.count {
                state.withLock { $0.counts[fate.fault, default: 0] += 1 }
                guard fate.fault == .flipped else {
                    to.write(bytes.prefix(left))
                    return end(fate.fault, from, to)
                }
                bytes[left] ^= 1 << fate.bit
                left = .max
            } else if left != .max {
                left -= bytes.count
            }
            guard to.write(bytes) else { return }
        }
    }

    private func end(_ fault: PipeFault, _ from: Socket, _ to: Socket) {
        switch fault {
        case .torn:
            from.tear()
            to.tear()
        case .halfClosed:
            to.endWriting()
            from.waitForEnd(milliseconds: 3_000)
        case .stalled: from.waitForEnd(milliseconds: 3_000)
        case .cut, .flipped: break
        }
    }
}

extension Socket {
    /// What comes next from one of two connections; nothing when one of them has ended.
    static func next(of first: Socket, _ second: Socket) -> (isFirst: Bool, bytes: [UInt8])? {
        var waiting = [first, second].map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        while poll(&waiting, 2, 60_000) < 0 { guard errno == EINTR else { return nil } }
        let isFirst = waiting[0].revents != 0
        guard isFirst || waiting[1].revents != 0 else { return nil }
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let count = recv((isFirst ? first : second).descriptor, &chunk, chunk.count, 0)
        return count > 0 ? (isFirst, Array(chunk[..<count])) : nil
    }
}
