import Curl
import FakeKiosk
import FoundationEssentials
import Gzip
import Ledger
import Ratings
import Wire

/// Whether a 200 to a hostile request was right.
enum HostileOracle {
    /// What is wrong with the receipt for an upload; where nothing is, `kiosk` has the records that it covers.
    static func fault(in response: CurlResponse, to hostile: HostileRequest, of kiosk: inout SimulatedKiosk) -> String?
    {
        if hostile.mustBeRefused { return "it was receipted" }
        let request = hostile.request
        guard let body = plain(request) else { return "a body that cannot be unpacked was receipted" }
        let lines = HostileRequest.lines(of: body)
        guard Int64(lines.count) == request.last - request.first + 1 else {
            return "records \(request.first)-\(request.last) were receipted, and \(lines.count) lines were sent"
        }
        var candidate = kiosk
        for (index, line) in lines.enumerated() {
            let sequence = request.first + Int64(index)
            if sequence <= candidate.fake.count {
                guard candidate.fake.lines[Int(sequence) - 1] == line else {
                    return "record \(sequence) was receipted a second time with other words"
                }
                continue
            }
            let link = try? RecordLink(line: line)
            guard link == RecordLink(sequence: sequence, previous: candidate.fake.head.hash.base64),
                (try? candidate.fake.append(line: line, sequence: sequence)) != nil
            else { return "record \(sequence) was receipted and does not follow the one before it" }
        }
        guard candidate.hear(response, last: request.last) == .receipt else {
            return "the receipt is not one of what was sent"
        }
        kiosk = candidate
        return nil
    }

    private static func plain(_ request: FakeRequest) -> Data? {
        guard request.head.fields["content-encoding"] != nil else { return request.body }
        return try? Gzip.decompress(request.body, atMost: WireLimits.bytesPerBatch)
    }

    /// What is wrong with the signed time in the answer to a heartbeat.
    static func fault(
        inHeartbeatAnswer response: CurlResponse, to hostile: HostileRequest, of kiosk: SimulatedKiosk
    ) -> String? {
        guard let sent = try? JSONDecoder().decode(Heartbeat.self, from: hostile.request.body) else {
            return "a heartbeat that cannot be read was taken"
        }
        let answer = try? JSONDecoder().decode(HeartbeatAnswer.self, from: Data(response.body))
        let seconds = answer.flatMap {
            SignedTime.seconds(
                in: $0.time, kiosk: kiosk.fake.id, nonce: sent.nonce, collector: kiosk.collector.name,
                key: kiosk.collector.key)
        }
        return seconds == nil ? "the answer to a heartbeat holds no time for its nonce" : nil
    }
}
