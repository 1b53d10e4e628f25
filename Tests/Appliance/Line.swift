import RealPrograms
import Synchronization

@testable import TortureUplink

/// The way from the emulated network card to the collector: it counts what the kiosk says, so that somebody can cut the
/// power while it speaks. Thread-safe.
final class Line: Sendable {
    private let upstream: UInt16
    private let heard = Mutex<Int>(0)
    private let listener = Mutex<SocketListener?>(nil)

    init(to upstream: UInt16) throws {
        self.upstream = upstream
        let made = try SocketListener { [weak self] client in self?.serve(client) }
        listener.withLock { $0 = made }
    }

    var port: UInt16 { listener.withLock { $0?.port ?? 0 } }
    /// Bytes from the kiosk, ever.
    var heardBytes: Int { heard.withLock { $0 } }

    private func serve(_ client: Socket) {
        guard let collector = Socket.connect(upstream) else { return client.tear() }
        while let (isFromClient, bytes) = Socket.next(of: client, collector) {
            if isFromClient { heard.withLock { $0 += bytes.count } }
            guard (isFromClient ? collector : client).write(bytes) else { return client.tear() }
        }
    }
}
