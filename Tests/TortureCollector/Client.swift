import Curl

/// One connection to a collector, for one request at a time.
///
/// Unchecked: whoever hands it to another thread waits until that one is done with it.
struct Client: @unchecked Sendable {
    let address: String
    private let session: CurlSession

    init(_ address: String) throws(CurlError) {
        self.address = address
        session = try CurlSession(channel: .plainLoopback)
    }

    /// Sends what the kiosk has without a receipt.
    func send(_ kiosk: inout SimulatedKiosk) throws -> SimulatedKiosk.Answer {
        let request = try kiosk.upload()
        return kiosk.hear(try session.perform(CurlRequest(request, to: address)), last: request.last)
    }

    func perform(_ request: CurlRequest) throws(CurlError) -> CurlResponse { try session.perform(request) }
}
