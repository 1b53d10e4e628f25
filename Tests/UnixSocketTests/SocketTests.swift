import Foundation
import Glibc
import Testing

@testable import UnixSocket

/// A folder that is gone with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/otsenka-socket-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

let limits = ConnectionLimits(messageBytes: 1 << 20)
let kioskName = ServerName(program: "otsenka-kiosk run", unit: "otsenka-kiosk.service")

/// A server that answers each message with `reply` until it gets an empty one. It blocks, so it has a thread of its own:
/// Swift's tasks share as many threads as there are processors.
final class EchoServer: @unchecked Sendable {
    // Unchecked: the listener is used on the server's thread only.
    private let listener: Listener
    private let ended = DispatchSemaphore(value: 0)

    init(_ listener: Listener, reply: @escaping @Sendable (Data) -> Data) {
        self.listener = listener
        Thread.detachNewThread {
            do { try self.serve(reply) } catch { Issue.record(error) }
            self.ended.signal()
        }
    }

    /// Waits for the end that an empty message has asked for.
    func join() { ended.wait() }

    private func serve(_ reply: (Data) -> Data) throws {
        var connection: Connection?
        while true {
            var request = pollfd(
                fd: connection?.descriptor ?? listener.descriptor,
                events: Int16(connection?.hasUnsent == true ? POLLIN | POLLOUT : POLLIN), revents: 0)
            _ = poll(&request, 1, 5000)
            guard let open = connection else {
                connection = try listener.accept()
                continue
            }
            try open.flush()
            guard case .messages(let messages) = try open.receive() else {
                connection = nil
                continue
            }
            for message in messages {
                if message.isEmpty { return }
                try open.send(reply(message))
            }
        }
    }
}

@Suite struct ListenerTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func aSocketHasExactlyItsModeAndIsRemovedAtTheEnd() throws {
        let path = folder.file("a.sock")
        var listener: Listener? = try Listener(path: path, mode: 0o660, limits: limits)
        withExtendedLifetime(listener) {}
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o660)
        listener = nil
        #expect(lstat(path, &status) != 0)
    }

    @Test func aStaleSocketIsReplaced() throws {
        let path = folder.file("a.sock")
        let stale = try Descriptor(path: path, nonBlocking: true)
        try SocketPath.withAddress(path) { address, length in
            _ = bind(stale.number, address, length)
        }
        _ = try Listener(path: path, mode: 0o600, limits: limits)
    }

    @Test func aSocketThatSomebodyAnswersOnIsLeftAlone() throws {
        let path = folder.file("a.sock")
        let first = try Listener(path: path, mode: 0o600, limits: limits)
        #expect {
            _ = try Listener(path: path, mode: 0o600, limits: limits)
        } throws: {
            ($0 as? UnixSocketError)?.cause == .inUse && "\($0)".contains(path)
        }
        #expect(try first.accept() != nil)
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        let path = folder.file("precious")
        try Data("x".utf8).write(to: URL(filePath: path))
        #expect {
            _ = try Listener(path: path, mode: 0o600, limits: limits)
        } throws: {
            ($0 as? UnixSocketError)?.cause == .notASocket
        }
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: ["", String(repeating: "x", count: 108), "/tmp/a\u{0}b"])
    func aPathThatTheKernelCannotHoldIsRefused(path: String) {
        #expect {
            _ = try Listener(path: path, mode: 0o600, limits: limits)
        } throws: {
            ($0 as? UnixSocketError)?.cause == .pathTooLong
        }
    }

    @Test func aListenerDoesNotRemoveItsSuccessorsFile() throws {
        let path = folder.file("a.sock")
        var first: Listener? = try Listener(path: path, mode: 0o600, limits: limits)
        withExtendedLifetime(first) {}
        unlink(path)
        let second = try Listener(path: path, mode: 0o600, limits: limits)
        first = nil
        #expect(FileManager.default.fileExists(atPath: second.path))
    }

    @Test func connectionsOverTheLimitAreClosedAndRoomIsMadeAgain() throws {
        let path = folder.file("a.sock")
        let listener = try Listener(path: path, mode: 0o600, maximumConnections: 1, limits: limits)
        let clients = try (0..<2).map { _ in try connect(path) }
        var first = try listener.accept()
        #expect(first != nil)
        #expect(try listener.accept() == nil)
        #expect {
            _ = try clients[1].call(Data("x".utf8), timeoutMilliseconds: 5000)
        } throws: { error in
            let error = error as? UnixSocketError
            return error?.cause == .closed || error?.codeName == "EPIPE" || error?.codeName == "ECONNRESET"
        }
        first = nil
        let third = try connect(path)
        #expect(try listener.accept() != nil)
        withExtendedLifetime((clients, third)) {}
    }

    @Test func thePeerIsKnownByTheKernelsWord() throws {
        let path = folder.file("a.sock")
        let listener = try Listener(path: path, mode: 0o600, limits: limits)
        let client = try connect(path)
        let connection = try #require(try listener.accept())
        #expect(connection.peer == PeerCredentials(process: getpid(), user: getuid(), group: getgid()))
        withExtendedLifetime(client) {}
    }

    private func connect(_ path: String) throws -> Client {
        try Client(path: path, server: kioskName, maximumBytes: 1 << 20, timeoutMilliseconds: 5000)
    }
}

@Suite struct CallTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [1, 4, 65_535, 65_537, 1 << 20])
    func aMessageOfAnyAllowedLengthComesBackWhole(length: Int) throws {
        let path = folder.file("a.sock")
        let server = EchoServer(try Listener(path: path, mode: 0o600, limits: limits)) { Data($0.reversed()) }
        let client = try Client(path: path, server: kioskName, maximumBytes: 1 << 20, timeoutMilliseconds: 5000)
        let message = Data((0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 1) })
        #expect(try client.call(message, timeoutMilliseconds: 10_000) == Data(message.reversed()))
        #expect(try client.call(Data("b".utf8), timeoutMilliseconds: 10_000) == Data("b".utf8))
        #expect(throws: UnixSocketError.self) { try client.call(Data(), timeoutMilliseconds: 5000) }
        server.join()
    }

    @Test func anAbsentServerIsNamedWithTheCauseAndTheNextStep() {
        let path = folder.file("control.sock")
        #expect {
            _ = try call(path)
        } throws: {
            "\($0)" == "otsenka-kiosk run does not answer on \(path) (ENOENT); is otsenka-kiosk.service running?"
        }
    }

    @Test func aServerThatHasGoneIsRefusedByTheKernel() throws {
        let path = folder.file("control.sock")
        let stale = try Descriptor(path: path, nonBlocking: true)
        try SocketPath.withAddress(path) { address, length in
            _ = bind(stale.number, address, length)
        }
        #expect {
            _ = try call(path)
        } throws: {
            "\($0)".contains("(ECONNREFUSED)")
        }
    }

    @Test func aServerThatNeverAnswersIsGivenUp() throws {
        let path = folder.file("control.sock")
        let listener = try Listener(path: path, mode: 0o600, limits: limits)
        #expect {
            _ = try call(path, timeout: 20)
        } throws: {
            ($0 as? UnixSocketError)?.cause == .timeout
        }
        withExtendedLifetime(listener) {}
    }

    @Test func aServerWithAFullQueueIsGivenUp() throws {
        let path = folder.file("control.sock")
        let listener = try Listener(path: path, mode: 0o600, limits: limits)
        var clients: [Client] = []
        #expect {
            for _ in 0...2 * Listener.backlog {
                clients.append(
                    try Client(path: path, server: kioskName, maximumBytes: 64, timeoutMilliseconds: 20))
            }
        } throws: {
            ($0 as? UnixSocketError)?.cause == .timeout
        }
        #expect(clients.count >= Int(Listener.backlog))
        withExtendedLifetime(listener) {}
    }

    @Test func aServerThatHangsUpInTheMiddleIsSaidToHaveClosed() throws {
        let path = folder.file("control.sock")
        let listener = try Listener(path: path, mode: 0o600, limits: limits)
        let client = try Client(path: path, server: kioskName, maximumBytes: 64, timeoutMilliseconds: 5000)
        _ = try listener.accept()
        #expect {
            _ = try client.call(Data("x".utf8), timeoutMilliseconds: 5000)
        } throws: { error in
            let error = error as? UnixSocketError
            return error?.cause == .closed || error?.codeName == "EPIPE" || error?.codeName == "ECONNRESET"
        }
    }

    @Test func aReplyLongerThanAllowedIsRefusedByItsLength() throws {
        let path = folder.file("a.sock")
        let server = EchoServer(try Listener(path: path, mode: 0o600, limits: limits)) { _ in Data(count: 100) }
        let client = try Client(path: path, server: kioskName, maximumBytes: 64, timeoutMilliseconds: 5000)
        #expect {
            _ = try client.call(Data("x".utf8), timeoutMilliseconds: 5000)
        } throws: {
            ($0 as? UnixSocketError)?.cause == .tooLong(length: 100, limit: 64)
        }
        // The empty message ends the server; the broken stream is told again.
        #expect(throws: UnixSocketError.self) { try client.call(Data(), timeoutMilliseconds: 5000) }
        server.join()
    }

    private func call(_ path: String, timeout: Int64 = 5000) throws -> Data {
        try Client.call(
            path: path, message: Data("x".utf8), server: kioskName, maximumBytes: 64, timeoutMilliseconds: timeout)
    }
}

@Suite struct HostilePeerTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func anAnnouncedGiantIsRefusedAndCostsNothing() throws {
        let (connection, peer) = try pair()
        #expect(send(peer.number, [0x7F, 0xFF, 0xFF, 0xFF] as [UInt8], 4, 0) == 4)
        #expect {
            _ = try connection.receive()
        } throws: {
            ($0 as? UnixSocketError)?.cause == .tooLong(length: 0x7FFF_FFFF, limit: 1 << 20)
        }
    }

    @Test func aPeerThatDoesNotReadIsCutOffAtTheLimit() throws {
        let (connection, peer) = try pair()
        #expect {
            for _ in 0..<100 { try connection.send(Data(count: 1 << 20)) }
        } throws: {
            ($0 as? UnixSocketError)?.cause == .peerTooSlow(limit: limits.unsentBytes)
        }
        #expect(connection.hasUnsent)
        withExtendedLifetime(peer) {}
    }

    @Test func aPeerThatLeavesIsAnEndAndNoSignal() throws {
        let (connection, peer) = try pair()
        close(dup(peer.number))
        shutdown(peer.number, Int32(SHUT_RDWR))
        #expect(try connection.receive() == .closed)
        #expect {
            try connection.send(Data("x".utf8))
        } throws: {
            ($0 as? UnixSocketError)?.codeName == "EPIPE"
        }
    }

    private func pair() throws -> (Connection, Descriptor) {
        let path = folder.file("a.sock")
        let listener = try Listener(path: path, mode: 0o600, limits: limits)
        let peer = try Descriptor(path: path, nonBlocking: true)
        try SocketPath.withAddress(path) { address, length in
            _ = connect(peer.number, address, length)
        }
        return (try #require(try listener.accept()), peer)
    }
}
