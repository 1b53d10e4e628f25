import Synchronization

@testable import TortureUplink

/// A line to the collector that can be cut. Thread-safe.
final class SoakLine: Sendable {
    private let upstream: UInt16
    private let state = Mutex<(isCut: Bool, refused: Int)>((false, 0))
    private let listener = Mutex<SocketListener?>(nil)

    init(to upstream: UInt16) throws {
        self.upstream = upstream
        let made = try SocketListener { [weak self] client in self?.serve(client) }
        listener.withLock { $0 = made }
    }

    var port: UInt16 { listener.withLock { $0?.port ?? 0 } }
    /// How many connections and messages the cut line has swallowed.
    var refused: Int { state.withLock { $0.refused } }
    func cut(_ isCut: Bool) { state.withLock { $0.isCut = isCut } }

    private var mayPass: Bool {
        state.withLock { state in
            if state.isCut { state.refused += 1 }
            return !state.isCut
        }
    }

    private func serve(_ client: Socket) {
        guard mayPass, let collector = Socket.connect(upstream) else { return client.tear() }
        while let (isFromClient, bytes) = Socket.next(of: client, collector) {
            guard mayPass, (isFromClient ? collector : client).write(bytes) else { return client.tear() }
        }
    }
}
