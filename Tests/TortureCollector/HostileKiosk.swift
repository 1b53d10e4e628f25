import Curl
import FakeKiosk
import FoundationEssentials
import Gzip
import Ledger
import Wire

/// What a kiosk with a valid key can send that no kiosk should, one after the other.
struct HostileKiosk {
    enum Trick: CaseIterable {
        case giantBody, endlessBody, bomb, fork, absurdRange, absurdEpoch, hugeHeader, manyHeaders
    }

    private let base: FakeKiosk
    private let port: Int
    private let client: Client
    private var forks = 0

    /// Speaks with the key of `kiosk`, whose records are stored.
    init(_ kiosk: SimulatedKiosk, port: Int) throws {
        base = kiosk.fake
        self.port = port
        client = try Client("http://127.0.0.1:\(port)")
    }

    /// Plays a trick; the status that it was answered, or nothing when the connection was closed.
    mutating func play(_ trick: Trick) throws -> Int? {
        var kiosk = base
        switch trick {
        case .giantBody:
            return raw(try kiosk.upload(1, 3), body: "Content-Length: 10000000000\r\n\r\n")
        case .endlessBody:
            let chunk = "8000\r\n" + String(repeating: " ", count: 0x8000) + "\r\n"
            return raw(
                try kiosk.upload(1, 3), body: "Transfer-Encoding: chunked\r\n\r\n" + String(repeating: chunk, count: 24)
            )
        case .bomb:
            let request = try kiosk.upload(1, 3) { _ in
                try Gzip.compress(Data(repeating: UInt8(ascii: "\n"), count: 64 * 1024 * 1024))
            }
            return try status(request)
        case .fork:
            // Another journal from the same genesis.
            forks += 1
            var other = FakeKiosk(
                id: base.id, epoch: base.epoch, collectorNonce: base.collectorNonce, journalKey: base.journalKey,
                transportKey: base.transportKey, seed: UInt64(1000 + forks))
            other.bootMilliseconds = base.bootMilliseconds + Int64(forks)
            try other.visit(mark: 5)
            return try status(other.upload(1, 3))
        case .absurdRange:
            var request = try kiosk.upload(1, 3)
            request.head.path = Routes.records(kiosk.id, epoch: 1, first: 1 << 53 - 2, last: 1 << 53)
            try kiosk.sign(&request.head)
            return try status(request)
        case .absurdEpoch:
            kiosk.epoch = 999_998
            try kiosk.loseJournal()
            return try status(kiosk.upload(1, 1))
        case .hugeHeader:
            var request = try kiosk.upload(1, 3)
            request.head.fields["x-huge"] = String(repeating: "a", count: 100_000)
            return try status(request)
        case .manyHeaders:
            var request = try kiosk.upload(1, 3)
            for number in 0..<1000 { request.head.fields["x-\(number)"] = "a" }
            return try status(request)
        }
    }

    private func status(_ request: FakeRequest) throws -> Int? {
        try? client.perform(CurlRequest(request, to: client.address)).status
    }

    /// The head of a signed upload as it goes over the wire, without its length.
    static func head(of request: FakeRequest) -> String {
        "\(request.head.method) \(request.head.path) HTTP/1.1\r\nHost: collector\r\n"
            + request.head.fields.map { "\($0.key): \($0.value)\r\n" }.joined()
    }

    private func raw(_ request: FakeRequest, body: String) -> Int? {
        guard let connection = RawConnection(port: port) else { return nil }
        let bytes = Array((Self.head(of: request) + body).utf8)
        var sent = 0
        var answer = ""
        for _ in 0..<2000 {
            if sent < bytes.count {
                let part = Array(bytes[sent..<min(bytes.count, sent + 16 * 1024)])
                guard connection.send(part) else { break }
                sent += part.count
            }
            guard let new = connection.received() else { break }
            answer += String(decoding: new, as: UTF8.self)
            if let status = answer.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) { return status }
            pause(milliseconds: 5)
        }
        return nil
    }
}
