import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import CollectorWeb

@Suite struct ConnectionGuardTests {
    /// A timer holds its connection: one that is set after the end keeps all of it in memory until it fires.
    @Test(arguments: [true, false])
    func `an answer times what is left of its request, and nothing once the connection has ended`(
        hasEnded: Bool
    ) throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionGuard(limits: WebLimits(), addresses: Addresses()))
        channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 443), promise: nil)
        let request = HTTPRequest(method: .put, scheme: "https", authority: "collector.example", path: "/")
        try channel.writeInbound(HTTPRequestPart.head(request))
        if hasEnded { channel.pipeline.fireChannelInactive() }
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .notFound)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        // Only a timer closes this channel.
        #expect(channel.isActive == hasEnded)
    }
}
