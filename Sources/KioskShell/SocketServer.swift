import FoundationEssentials
import KioskControl
import Logging
import Systemd
import UnixSocket

/// Serves one Unix socket on the loop: JSON requests of one type, one answer to each, one at a time on a connection.
final class SocketServer<Request: Decodable, Answer: Encodable> {
    typealias Handler = (Request, Reply<Answer>) -> Void

    private final class Session {
        let connection: Connection
        var watch: Watch?
        var isAnswering = false

        init(_ connection: Connection) { self.connection = connection }
    }

    private let loop: EventLoop
    private let listener: Listener
    private let logger: Logger
    private let refuse: (String) -> Answer
    private let handle: Handler
    private var accepting: Watch?
    private var sessions: [Int: Session] = [:]
    private var nextSession = 0

    /// Listens at `path`. `refuse` makes the answer to a message that is not understood.
    init(
        loop: EventLoop, path: String, mode: UInt32, logger: Logger, refuse: @escaping (String) -> Answer,
        handle: @escaping Handler
    ) throws {
        self.loop = loop
        self.logger = logger
        self.refuse = refuse
        self.handle = handle
        listener = try Listener(
            path: path, mode: mode, limits: ConnectionLimits(messageBytes: ControlCoding.maximumBytes))
        accepting = try loop.watch(listener.descriptor, for: .readable) { [weak self] _ in self?.accept() }
    }

    /// Ends every connection and removes the socket.
    func close() {
        accepting?.cancel()
        for session in sessions.values { session.watch?.cancel() }
        sessions = [:]
    }

    private func accept() {
        do {
            guard let connection = try listener.accept() else { return }
            let number = nextSession
            nextSession += 1
            let session = Session(connection)
            session.watch = try loop.watch(connection.descriptor, for: .readable) { [weak self] events in
                self?.ready(number, events)
            }
            sessions[number] = session
        } catch {
            logger.warning(
                "a connection was not accepted", metadata: ["socket": "\(listener.path)", "cause": "\(error)"])
        }
    }

    private func ready(_ number: Int, _ events: IOEvents) {
        guard let session = sessions[number] else { return }
        do {
            if events.contains(.writable) { try flush(session) }
            if !events.isDisjoint(with: [.readable, .hangUp, .error]) { try receive(number, session) }
        } catch {
            logger.debug("a connection ended", metadata: ["socket": "\(listener.path)", "cause": "\(error)"])
            end(number)
        }
    }

    private func receive(_ number: Int, _ session: Session) throws {
        switch try session.connection.receive() {
        case .closed: end(number)
        case .messages(let messages):
            for message in messages {
                guard sessions[number] != nil else { return }
                // A peer that asks again before it has its answer does not speak this protocol.
                guard !session.isAnswering else { return end(number) }
                session.isAnswering = true
                let reply = Reply<Answer> { [weak self] answer in self?.answer(number, answer) }
                do { handle(try ControlCoding.decode(Request.self, from: message), reply) } catch {
                    reply(refuse("the message is not understood; use the same release on both ends"))
                }
            }
        }
    }

    private func answer(_ number: Int, _ answer: Answer) {
        guard let session = sessions[number] else { return }
        session.isAnswering = false
        do {
            try session.connection.send(try ControlCoding.encode(answer))
            try flush(session)
        } catch {
            logger.debug("an answer was not delivered", metadata: ["socket": "\(listener.path)", "cause": "\(error)"])
            end(number)
        }
    }

    private func flush(_ session: Session) throws {
        try session.connection.flush()
        try session.watch?.change(to: session.connection.hasUnsent ? [.readable, .writable] : .readable)
    }

    private func end(_ number: Int) {
        sessions.removeValue(forKey: number)?.watch?.cancel()
    }
}

/// The one answer to one request; a second one, and one to a connection that has gone, are dropped.
final class Reply<Answer> {
    private var send: ((Answer) -> Void)?

    init(_ send: @escaping (Answer) -> Void) { self.send = send }

    func callAsFunction(_ answer: Answer) {
        let send = self.send
        self.send = nil
        send?(answer)
    }
}
