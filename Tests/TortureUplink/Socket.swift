import Foundation
import Glibc
import RealPrograms

/// A TCP connection within this machine, blocking; closed with this object. Used by one thread.
final class Socket {
    let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Longer messages are cut off; the longest request of a kiosk has 512 KiB and its fields.
    private static let longestMessage = 1 << 20

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Connects to a port of 127.0.0.1; nothing if nobody listens there.
    static func connect(_ port: UInt16) -> Socket? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let made = Socket(descriptor)
        let code = SocketListener.withLoopback(port) { Glibc.connect(descriptor, $0, $1) }
        return code == 0 ? made : nil
    }

    /// Whether all of it could be handed to the kernel.
    @discardableResult
    func write(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// A whole request or answer; nothing at the end of the connection.
    func readMessage() -> HTTPMessage? {
        while true {
            if let message = HTTPMessage(in: buffer) {
                buffer.removeFirst(message.bytes.count)
                return message
            }
            guard buffer.count < Self.longestMessage, receive() else { return nil }
        }
    }

    /// Waits until the other end closes, at most so long.
    func waitForEnd(milliseconds: Int) {
        limitReading(milliseconds: milliseconds)
        while receive() { buffer.removeAll() }
    }

    /// Whether the other end has closed, without waiting.
    var hasEnded: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
    }

    func limitReading(milliseconds: Int) {
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    private func receive() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            buffer += chunk[..<count]
            return true
        }
    }

    /// Says that nothing more comes, and goes on listening.
    func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closing it now tears the connection down with RST.
    func tear() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }
}

/// Listens on a port of 127.0.0.1 and hands each connection to a thread of its own.
final class SocketListener: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init(serve: @escaping @Sendable (Socket) -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var bound = sockaddr_in()
        let isListening =
            Self.withLoopback(0) { Glibc.bind(descriptor, $0, $1) } == 0 && listen(descriptor, 128) == 0
            && withUnsafeMutablePointer(to: &bound) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
            } == 0
        guard descriptor >= 0, isListening else {
            throw ChildError("127.0.0.1 cannot be listened on (errno \(errno)); see what the machine allows")
        }
        self.descriptor = descriptor
        port = UInt16(bigEndian: bound.sin_port)
        Thread.detachNewThread {
            while true {
                let accepted = accept(descriptor, nil, nil)
                if accepted < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard accepted >= 0 else { break }
                Thread.detachNewThread { serve(Socket(accepted)) }
            }
            close(descriptor)
        }
    }

    var address: String { "http://127.0.0.1:\(port)" }

    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    deinit { stop() }

    static func withLoopback(_ port: UInt16, _ use: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { use($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}

/// A request or an answer as its bytes: a line that cuts and repeats must not make them anew.
struct HTTPMessage: Equatable, Sendable {
    let bytes: [UInt8]
    let startLine: String
    private let fields: [String: String]
    private let bodyStart: Int

    /// The first whole message in `buffer`; nothing while some of it is still on the way.
    init?(in buffer: [UInt8]) {
        let mark = Array("\r\n\r\n".utf8)
        guard buffer.count >= mark.count,
            let end = (0...buffer.count - mark.count).first(where: {
                buffer[$0] == 13 && buffer[$0..<$0 + 4] == mark[...]
            })
        else { return nil }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        bodyStart = end + mark.count
        let length = bodyStart + (fields["content-length"].flatMap { Int($0) } ?? 0)
        guard buffer.count >= length else { return nil }
        bytes = Array(buffer[..<length])
        startLine = lines.first ?? ""
        self.fields = fields
    }

    func field(_ name: String) -> String? { fields[name] }
    var allFields: [String: String] { fields }
    var body: ArraySlice<UInt8> { bytes[bodyStart...] }
    var bodyOffset: Int { bodyStart }

    /// Of a request.
    var method: String { String(startLine.prefix { $0 != " " }) }
    var path: String { startLine.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    /// Of an answer.
    var status: Int { startLine.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0 }

    var isEnrolment: Bool { path == "/v1/enrolments" }
    /// `(first, last)` of an upload.
    var range: (first: Int64, last: Int64)? {
        guard method == "PUT", let text = path.split(separator: "/").last else { return nil }
        let ends = text.split(separator: "-").compactMap { Int64($0) }
        return ends.count == 2 ? (ends[0], ends[1]) : nil
    }
    /// "kiosk" of `/v1/kiosks/{kiosk}/…`.
    var kiosk: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[1] == "kiosks" ? String(parts[2]) : nil
    }

    /// The bytes of an answer.
    static func answer(_ status: Int, _ body: String, fields: [(String, String)] = []) -> [UInt8] {
        var lines = ["HTTP/1.1 \(status) Said"]
        lines += fields.map { "\($0): \($1)" }
        lines.append("Content-Length: \(body.utf8.count)")
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }
}
