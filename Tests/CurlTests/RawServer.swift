import Foundation
import Glibc
import Testing

/// A server on 127.0.0.1 that answers each connection's first request with the same bytes and hangs up: it can say what
/// no proper server would.
final class RawServer: @unchecked Sendable {
    // Unchecked: `requests` is guarded by the lock; the rest does not change.
    let port: UInt16
    private let listener: Int32
    private let lock = NSLock()
    private var taken: [String] = []

    /// `answer` is nothing for a server that reads and then stays silent.
    init(answer: [UInt8]?) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        try #require(bound)
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { self.serve(answer) }
    }

    convenience init(_ answer: String) throws { try self.init(answer: Array(answer.utf8)) }

    var url: String { "http://127.0.0.1:\(port)" }

    /// The requests so far, head and body.
    var requests: [String] { lock.withLock { taken } }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve(_ answer: [UInt8]?) {
        var silent: [Int32] = []
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            let request = read(from: connection)
            lock.withLock { taken.append(request) }
            guard let answer else {
                silent.append(connection)
                continue
            }
            var sent = 0
            while sent < answer.count {
                let count = answer[sent...].withUnsafeBytes {
                    send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count <= 0 { break }
                sent += count
            }
            close(connection)
        }
        for connection in silent { close(connection) }
        close(listener)
    }

    private func read(from connection: Int32) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let field = text.range(of: "Content-Length: ").map { text[$0.upperBound...].prefix { $0.isNumber } }
                let length = field.flatMap { Int($0) } ?? 0
                if text[end.upperBound...].utf8.count >= length { return text }
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            if count <= 0 { return text }
            bytes += chunk[..<count]
        }
    }
}
