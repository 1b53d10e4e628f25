import Curl
import Dispatch
import Synchronization

/// Simulated kiosks that send as fast as they can, on threads of their own, whatever becomes of the collector.
final class Crowd: Sendable {
    struct Heard: Sendable {
        var receipts = 0
        /// Requests that the collector's end cut off.
        var cut = 0
        /// What no collector may say to a kiosk that is right.
        var complaints: [String] = []
    }

    private struct State {
        var heard = Heard()
        var stopped = false
        var kiosks: [SimulatedKiosk] = []
    }

    private let state = Mutex(State())
    private let group = DispatchGroup()
    private let address: String

    /// Starts to send to `address`, each thread for its share of the kiosks.
    init(_ kiosks: [SimulatedKiosk], address: String, threads: Int) {
        self.address = address
        for thread in 0..<threads {
            let own = stride(from: thread, to: kiosks.count, by: threads).map { kiosks[$0] }
            DispatchQueue(label: "kiosks \(thread)").async(group: group) { [self] in
                let after = send(for: own)
                state.withLock { $0.kiosks += after }
            }
        }
    }

    var heard: Heard { state.withLock(\.heard) }

    /// Lets every request end and gives the kiosks as they are now.
    func stop() -> [SimulatedKiosk] {
        state.withLock { $0.stopped = true }
        group.wait()
        return state.withLock(\.kiosks)
    }

    private func send(for kiosks: [SimulatedKiosk]) -> [SimulatedKiosk] {
        var kiosks = kiosks
        var session = try? CurlSession(channel: .plainLoopback)
        while !state.withLock(\.stopped) {
            for index in kiosks.indices where !state.withLock(\.stopped) {
                guard let open = session else {
                    session = try? CurlSession(channel: .plainLoopback)
                    continue
                }
                do {
                    try kiosks[index].rate(1 + index % 3)
                    try sendOne(of: &kiosks[index], through: open)
                } catch let error as CurlError {
                    // Nobody listens between a kill and the next start.
                    if error.codeName != "CURLE_COULDNT_CONNECT" { state.withLock { $0.heard.cut += 1 } }
                    backOff()
                } catch {
                    complain("\(error)")
                }
            }
        }
        return kiosks
    }

    private func sendOne(of kiosk: inout SimulatedKiosk, through session: CurlSession) throws {
        let request = try kiosk.upload()
        let response = try session.perform(CurlRequest(request, to: address))
        switch kiosk.hear(response, last: request.last) {
        case .receipt: state.withLock { $0.heard.receipts += 1 }
        case .refused(let refusal) where [429, 503].contains(refusal.error.status): backOff()
        case .refused(let refusal):
            complain(
                "\(kiosk.fake.id), with a receipt for \(kiosk.receipted), sent \(request.first)-\(request.last) and was "
                    + "answered \(refusal.error.rawValue): \(refusal.message)")
            if let need = refusal.need { kiosk.goBack(to: need) }
        case .other(let status, let body):
            complain("\(kiosk.fake.id) was answered \(status) without a receipt that verifies: \(body)")
        }
    }

    private func complain(_ text: String) { state.withLock { $0.heard.complaints.append(text) } }

    private func backOff() { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(3)) }
}
