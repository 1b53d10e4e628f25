import FoundationEssentials
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Wire

/// Keeps one connection within the limits that come before any request: how many its address may have, how long a head
/// may take, how long the rest of a body that nobody waits for, and a refusal in our own words for what is no HTTP.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: WebLimits
    private let addresses: Addresses
    private var phase = ConnectionPhase()
    private var timer: Scheduled<Void>?
    /// Whose place this connection takes.
    private var address: String?
    private var isRefused = false
    /// The connection has ended. An answer may still be written to it: what that times would keep all of it in memory.
    private var hasLeft = false

    init(limits: WebLimits, addresses: Addresses) {
        self.limits = limits
        self.addresses = addresses
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // Before the decoder, which tells of a head only once it is whole.
        let bytes = FirstBytes { [weak self] in
            guard let self else { return }
            self.time(self.phase.bytes(), context)
        }
        do {
            try context.pipeline.syncOperations.addHandler(bytes, position: .first)
        } catch {
            context.close(promise: nil)
        }
        if context.channel.isActive { admit(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelActive(context: ChannelHandlerContext) {
        admit(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: time(phase.head(), context)
        case .body: break
        case .end: time(phase.end(), context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
        context.write(data, promise: promise)
        if isEnd { time(phase.answered(), context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, phase.unanswered == 0, !isRefused else {
            return context.fireErrorCaught(error)
        }
        isRefused = true
        let refusal =
            switch error {
            case .headerOverflow:
                Refusal(
                    error: .tooLarge,
                    message: "the header fields are more than \(limits.headerFields) or longer than "
                        + "\(limits.headerBytes) bytes")
            default: Refusal(error: .malformed, message: "this is not HTTP/1.1 (\(error)); see /openapi.json")
            }
        refuse(refusal, status: error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest, context)
    }

    // MARK: -

    private func admit(_ context: ChannelHandlerContext) {
        guard address == nil else { return }
        // A Unix socket has no address: its doors are the file's rights.
        if let own = context.remoteAddress?.ipAddress {
            guard addresses.enter(own, atMost: limits.connectionsPerAddress) else {
                return context.close(promise: nil)
            }
            address = own
        }
        time(phase.connected(), context)
    }

    private func leave() {
        hasLeft = true
        timer?.cancel()
        timer = nil
        if let address { addresses.leave(address) }
        address = nil
    }

    private func time(_ timing: ConnectionPhase.Timing, _ context: ChannelHandlerContext) {
        guard !hasLeft else { return }
        switch timing {
        case .leave: return
        case .stop:
            timer?.cancel()
            timer = nil
        case .timeHead: close(after: limits.headerSeconds, context)
        case .timeRest: close(after: limits.restSeconds, context)
        }
    }

    private func close(after seconds: Int, _ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(seconds))) {
            context.close(promise: nil)
        }
    }

    /// Answers in the place of the server, which has no request to answer, and closes once the answer can have been read:
    /// closing at once, with bytes unread, would take it back (RFC 9112 §9.6).
    private func refuse(_ refusal: Refusal, status: HTTPResponse.Status, _ context: ChannelHandlerContext) {
        // Two strings cannot fail to be encoded; an empty body still carries the status.
        let body = (try? JSONEncoder().encode(refusal)) ?? Data()
        let fields: HTTPFields = [
            .contentType: "application/json", .contentLength: "\(body.count)", .connection: "close",
            .cacheControl: "no-store",
        ]
        context.write(wrapOutboundOut(.head(HTTPResponse(status: status, headerFields: fields))), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if !hasLeft { close(after: 2, context) }
    }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}

/// Tells that bytes have come, whatever they are.
private final class FirstBytes: ChannelInboundHandler {
    typealias InboundIn = NIOAny
    private let tell: () -> Void

    init(_ tell: @escaping () -> Void) { self.tell = tell }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        tell()
        context.fireChannelRead(data)
    }
}
