import Foundation
import Gzip
import Ledger
import Ratings
import SeededRandom
import Wire

/// What somebody in the collector's place, or the collector itself gone bad, can say to an upload or a heartbeat.
enum HostileAnswer: String, CaseIterable, Sendable {
    case portal, emptyObject, deepNesting, noContent, redirect
    case truncated, longerThanSaid, gzipBomb, endless, endlessChunks
    case oldReceipt, otherKiosk, higherThanSent, otherEpoch, wrongHash, notYetWritten
    case wrongKey, wrongName, uncosigned, cosignatureSwapped, longNote, receiptTwice
    case absurdNeed, conflict, absurdPause, hugeField, manyFields, interim, garbage, silence, absurdStatus
    case forgedTime, timeOfAnotherNonce

    /// Sends it; whether the connection goes on.
    func send(
        to request: StandIn.Request, over client: Socket, from collector: StandIn, _ world: HostileWorld,
        _ draw: UInt64
    ) -> Bool {
        if let bytes = notes(request, collector, world, draw) ?? refusals(request, world, draw) {
            return client.write(bytes)
        }
        switch self {
        case .truncated:
            client.write(Array("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"receipt\":\"otsenka".utf8))
        case .longerThanSaid:
            let whole = collector.receipt(request.head)
            client.write(whole + whole)
        case .endless, .endlessChunks:
            let chunk = [UInt8](repeating: UInt8(ascii: "{"), count: 16_384)
            let isChunked = self == .endlessChunks
            client.write(Array("HTTP/1.1 200 OK\r\n\(isChunked ? "Transfer-Encoding: chunked\r\n" : "")\r\n".utf8))
            let mark = Array("4000\r\n".utf8)
            // Sixteen times what a kiosk reads; it closes long before.
            for _ in 0..<64 {
                guard client.write(isChunked ? mark + chunk + Array("\r\n".utf8) : chunk) else { break }
            }
        case .hugeField:
            let line = "X-Long: " + String(repeating: "a", count: Int(draw % 3 + 1) * 17_000)
            client.write(Array("HTTP/1.1 200 OK\r\n\(line)\r\nContent-Length: 0\r\n\r\n".utf8))
        case .interim:
            let many = String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: Int(draw % 200))
            client.write(Array(many.utf8) + HTTPMessage.answer(200, "{}"))
        case .garbage:
            var random = SplitMix(draw)
            client.write((0..<Int(draw % 4_000)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        default: break
        }
        return false
    }

    private func notes(
        _ request: StandIn.Request, _ collector: StandIn, _ world: HostileWorld, _ draw: UInt64
    ) -> [UInt8]? {
        let proper = request.checkpoint
        var head = proper.head
        switch self {
        case .oldReceipt:
            let old = world.oldReceipts
            return StandIn.json(UploadAnswer(receipt: old[Int(draw % UInt64(old.count))]))
        case .otherKiosk:
            head.kiosk = "hall-other"
            return world.signed(head, by: SigningKey()).map { collector.receipt($0) }
        // The kiosk's own word for its newest record, cosigned, although that record was never sent.
        case .higherThanSent: return collector.receipt(request.head)
        case .otherEpoch:
            head.epoch += Int(draw % 3) + 1
            return world.signed(head).map { collector.receipt($0) }
        case .wrongHash:
            head.hash = ChainHash(of: Data("\(draw)".utf8))
            return world.signed(head).map { collector.receipt($0) }
        case .notYetWritten:
            head.sequence = [.max, head.sequence + 1_000_000][Int(draw % 2)]
            return world.signed(head).map { collector.receipt($0) }
        case .wrongKey: return collector.receipt(proper, by: SigningKey())
        case .wrongName: return collector.receipt(proper, as: "other.example", by: collector.receiptKey)
        case .uncosigned: return StandIn.json(UploadAnswer(receipt: proper.serialized))
        case .cosignatureSwapped:
            let last = world.oldReceipts.last?.split(separator: "\n").last ?? ""
            return StandIn.json(UploadAnswer(receipt: proper.serialized + last + "\n"))
        case .longNote:
            return StandIn.json(UploadAnswer(receipt: proper.serialized + String(repeating: "— x ", count: 9_000)))
        case .receiptTwice:
            return HTTPMessage.answer(200, #"{"receipt":"x","receipt":["\#(draw)"]}"#)
        case .forgedTime, .timeOfAnotherNonce:
            guard let kiosk = KioskID(rawValue: head.kiosk) else { return nil }
            let nonce = (try? JSONDecoder().decode(Heartbeat.self, from: Data(request.message.body)))?.nonce ?? "AA=="
            let later = StandIn.seconds + 10 * 365 * 86_400
            return self == .forgedTime
                ? collector.heartbeat(kiosk, nonce: nonce, seconds: later, key: SigningKey())
                : collector.heartbeat(kiosk, nonce: "AAAA", seconds: later, key: collector.receiptKey)
        default: return nil
        }
    }

    private func refusals(_ request: StandIn.Request, _ world: HostileWorld, _ draw: UInt64) -> [UInt8]? {
        switch self {
        case .portal:
            return HTTPMessage.answer(200, "<html>Log in</html>", fields: [("Content-Type", "text/html")])
        case .emptyObject: return HTTPMessage.answer(200, ["{}", "null", "[]", "", "\"\""][Int(draw % 5)])
        case .deepNesting: return HTTPMessage.answer(200, String(repeating: "[", count: 60_000))
        case .noContent: return Array("HTTP/1.1 204 No Content\r\n\r\n".utf8)
        case .redirect:
            let places = ["http://127.0.0.1:\(world.canary)/", "//localhost:\(world.canary)/v1", "/elsewhere"]
            return HTTPMessage.answer(
                [301, 302, 303, 307, 308][Int(draw % 5)], "", fields: [("Location", places[Int(draw / 5 % 3)])])
        case .gzipBomb: return world.bomb
        case .absurdNeed:
            let needs: [Int64] = [
                .max, .min, -1, 0, 1, request.head.head.sequence + 1, request.message.range?.first ?? 2,
            ]
            let need = needs[Int(draw % UInt64(needs.count))]
            return StandIn.refuse(draw / 7 % 2 == 0 ? .gap : .rewindCollector, need: need)
        case .conflict: return StandIn.refuse([.fork, .rewindKiosk, .epochClosed, .revoked][Int(draw % 4)])
        case .absurdPause:
            let pauses = ["99999999999999999999", "-5", "4294967296", "Fri, 31 Dec 9999 23:59:59 GMT", "soon"]
            return HTTPMessage.answer(
                draw % 2 == 0 ? 429 : 503, "", fields: [("Retry-After", pauses[Int(draw / 2 % 5)])])
        case .manyFields:
            return HTTPMessage.answer(200, "{}", fields: (0..<90).map { ("X-\($0)", "y") })
        case .absurdStatus: return HTTPMessage.answer([199, 299, 599, 999, 600][Int(draw % 5)], "{}")
        default: return nil
        }
    }
}

/// What hostile answers are made of.
struct HostileWorld: Sendable {
    /// Where nothing may ever be asked.
    var canary: UInt16
    var journalKey: SigningKey
    /// Receipts that were proper once, and are for records that are receipted already.
    var oldReceipts: [String]
    let bomb: [UInt8]

    init(canary: UInt16, journalKey: SigningKey, oldReceipts: [String]) throws {
        self.canary = canary
        self.journalKey = journalKey
        self.oldReceipts = oldReceipts
        let packed = try Gzip.compress(Data(repeating: UInt8(ascii: " "), count: 16 << 20))
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n"
        bomb = Array(head.utf8) + Array(packed)
    }

    /// Only a stolen card could sign so; not even that makes another record receipted.
    func signed(_ head: ChainHead, by key: SigningKey? = nil) -> Checkpoint? {
        try? Checkpoint(head: head, signedWith: key ?? journalKey)
    }
}
