import RealPrograms
import Synchronization

/// A line to the collector that passes bytes as they come, counts what the kiosk says, and can be cut. Thread-safe.
public final class Relay: Sendable {
    private let upstream: UInt16
    private let state = Mutex<(isCut: Bool, refused: Int, heard: Int)>((false, 0, 0))
    private let listener = Mutex<SocketListener?>(nil)

    /// To a port of 127.0.0.1. Throws if no port of this machine can be listened on.
    public init(to upstream: UInt16) throws {
        self.upstream = upstream
        let made = try SocketListener { [weak self] client in self?.serve(client) }
        listener.withLock { $0 = made }
    }

    public var port: UInt16 { listener.withLock { $0?.port ?? 0 } }
    /// How many connections and messages the cut line has swallowed.
    public var refused: Int { state.withLock { $0.refused } }
    /// Bytes from the kiosk, ever.
    public var heardBytes: Int { state.withLock { $0.heard } }
    public func cut(_ isCut: Bool) { state.withLock { $0.isCut = isCut } }

    private func mayPass(_ heard: Int = 0) -> Bool {
        state.withLock { state in
            state.heard += heard
            if state.isCut { state.refused += 1 }
            return !state.isCut
        }
    }

    private func serve(_ client: Socket) {
        guard mayPass(), let collector = Socket.connect(upstream) else { return client.tear() }
        while let (isFromClient, bytes) = Socket.next(of: client, collector) {
            guard mayPass(isFromClient ? bytes.count : 0), (isFromClient ? collector : client).write(bytes) else {
                return client.tear()
            }
        }
    }
}
