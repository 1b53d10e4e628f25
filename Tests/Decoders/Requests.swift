import Delivery
import FoundationEssentials
import KioskControl
import Ledger
import Questionnaires
import Ratings
import Wire

@testable import UnixSocket

// Requests and answers over HTTP and on the kiosk's sockets.

extension Decoder {
    /// A request's head: method, path, then "name: value" fields, each ended by a zero byte; the body comes last.
    static let request = Decoder(
        "request", sources: ["Wire/RequestSignature.swift", "Wire/KioskClock.swift"],
        seeds: {
            let body = Data("body")
            var head = RequestHead(
                method: "PUT", path: "/v1/kiosks/kiosk-1/epochs/1/records/1-4",
                fields: [
                    "content-digest": ContentDigest.value(of: body), "otsenka-clock": "boot=1, ms=5000",
                    "checkpoint": "YQ==", "content-type": "application/x-ndjson",
                ])
            try RequestSignature.sign(&head, with: Known.transportKey, created: 1_763_800_000)
            let fields = head.fields.sorted { $0.key < $1.key }.map { Data("\($0.key): \($0.value)") }
            return [.joined([Data(head.method), Data(head.path)] + fields + [body])]
        },
        take: { data in
            let pieces = parts(of: data, most: 20)
            guard pieces.count >= 3 else { return }
            var head = RequestHead(method: pieces[0].text, path: pieces[1].text)
            for piece in pieces[2..<pieces.count - 1] {
                let text = piece.text
                guard let colon = text.firstRange(of: ": ") else { continue }
                head.fields[String(text[..<colon.lowerBound])] = String(text[colon.upperBound...])
            }
            if let digest = head.fields["content-digest"] {
                _ = ContentDigest.matches(digest, body: pieces[pieces.count - 1])
            }
            if let field = head.fields["otsenka-clock"], let clock = KioskClock(field: field) {
                require(KioskClock(field: clock.field) == clock, "reads another clock than it wrote")
            }
            _ = RequestSignature.keyID(of: head)
            _ = RequestSignature.created(of: head)
            do throws(SignatureError) {
                try RequestSignature.verify(
                    head, by: Known.transportKey.publicKey, required: ["content-digest", "otsenka-clock"])
            } catch { require(!error.description.isEmpty, "says nothing") }
            head.fields["content-digest"] = ContentDigest.value(of: pieces[pieces.count - 1])
            // A field that no signature can cover keeps the request from being signed; nothing else may.
            guard (try? RequestSignature.sign(&head, with: Known.transportKey, created: 5)) != nil else { return }
            _ = try? RequestSignature.verify(head, by: Known.transportKey.publicKey, required: [])
        })

    /// What a collector answers: three digits of the status, a zero byte, the body.
    static let answer = Decoder(
        "answer", sources: ["Delivery/CollectorAnswer.swift", "Wire/Bodies.swift"],
        seeds: {
            let encoder = JSONEncoder()
            let kiosk = try Known.kiosk()
            var time = SignedNote(text: SignedTime.text(kiosk: kiosk, nonce: "n", seconds: 1_763_800_000))
            try time.sign(as: Known.collector, with: Known.collectorKey)
            let bodies: [(Int, Data)] = [
                (200, try encoder.encode(UploadAnswer(receipt: "note"))),
                (200, try encoder.encode(HeartbeatAnswer(time: time.serialized, configuration: 1))),
                (200, try encoder.encode(heartbeat())), (200, try encoder.encode(publishedKeys())),
                (200, Data(time.text)), (200, Data(time.serialized)), (409, try encoder.encode(refusal(.gap, need: 0))),
            ]
            let refusals = try Refusal.Code.allCases.map { ($0.status, try encoder.encode(refusal($0, need: 4))) }
            let bare = [301, 408, 413, 422, 429, 502, 503, 504].map { ($0, Data()) }
            return (bodies + refusals + bare).map { .joined([Data("\($0.0)"), $0.1]) }
        },
        take: { data in
            let pieces = parts(of: data, most: 2)
            guard pieces.count == 2, let status = Int(pieces[0].text) else { return }
            let body = pieces[1]
            let seconds = Int64(body.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 1)
            _ = UploadReply(status: status, body: body, retryAfterSeconds: seconds)
            if case .busy(let wait?) = CollectorAnswer(status: status, body: body, retryAfterSeconds: seconds) {
                require(wait >= 0, "waits for a time that has passed")
            }
            if let sent = again(UploadAnswer.self, body) {
                require(UploadAnswer(receipt: sent.receipt) == sent, "makes another answer of the same receipt")
            }
            if let refusal = again(Refusal.self, body) {
                let own = Refusal(error: refusal.error, message: refusal.message, need: refusal.need)
                require(own == refusal, "makes another refusal of the same words")
                require((400...599).contains(refusal.error.status), "gives a refusal the status of something else")
            }
            if let sent = again(Heartbeat.self, body) {
                let own = Heartbeat(
                    epoch: sent.epoch, boot: sent.boot, bootMilliseconds: sent.bootMilliseconds, wall: sent.wall,
                    clock: sent.clock, unsent: sent.unsent, marks: sent.marks, program: sent.program, nonce: sent.nonce)
                require(own == sent, "makes another heartbeat of the same words")
            }
            if let keys = again(PublishedKeys.self, body) {
                let digest = PublishedKeys.digest(of: keys.successions)
                require((digest == nil) == keys.successions.isEmpty, "names an empty list, or does not name one")
            }
            let answer = again(HeartbeatAnswer.self, body)
            if let answer {
                let own = HeartbeatAnswer(
                    time: answer.time, configuration: answer.configuration, orders: answer.orders, keys: answer.keys)
                require(own == answer, "makes another answer of the same time")
            }
            takeTime(answer?.time ?? body.text)
        })

    /// What is read, is written, and is read again.
    private static func again<Value: Codable & Equatable>(_: Value.Type, _ body: Data) -> Value? {
        guard let value = try? JSONDecoder().decode(Value.self, from: body) else { return nil }
        let written = (try? JSONEncoder().encode(value)) ?? Data()
        require(
            (try? JSONDecoder().decode(Value.self, from: written)) == value, "reads another \(Value.self) than it wrote"
        )
        return value
    }

    /// The time as it came, and signed by the collector whatever it says, or no mutation would get past the signature.
    private static func takeTime(_ text: String) {
        guard let kiosk = try? Known.kiosk() else { return }
        let time = { (note: String) in
            SignedTime.seconds(
                in: note, kiosk: kiosk, nonce: "n", collector: Known.collector, key: Known.collectorKey.publicKey)
        }
        _ = time(text)
        guard text.utf8.last == UInt8(ascii: "\n") else { return }
        var own = SignedNote(text: text)
        guard (try? own.sign(as: Known.collector, with: Known.collectorKey)) != nil,
            let seconds = time(own.serialized)
        else { return }
        require(
            SignedTime.text(kiosk: kiosk, nonce: "n", seconds: seconds) == text, "reads another time than was signed")
    }

    private static func refusal(_ code: Refusal.Code, need: Int64) -> Refusal {
        Refusal(error: code, message: "why", need: need)
    }

    private static func heartbeat() -> Heartbeat {
        Heartbeat(
            epoch: 1, boot: 2, bootMilliseconds: 3, wall: "2026-11-22T08:27:08.123Z", clock: .free, unsent: 4,
            marks: ["burst"], program: "1.0", nonce: "n")
    }

    private static func publishedKeys() -> PublishedKeys {
        PublishedKeys(
            collector: Known.collector, receiptKey: Known.collectorKey.publicKey, authority: "PEM",
            successions: ["note"])
    }

    /// An enrolment: what was typed, the request and the answer.
    static let enrolment = Decoder(
        "enrolment", sources: ["Wire/Enrolment.swift"],
        seeds: {
            guard let code = EnrolmentCode("ABCD-EFGH-JKMN-PQRS") else { return [] }
            let statement = TransportStatement.bytes(
                journalKey: Known.journalKey.publicKey, transportKey: Known.transportKey.publicKey)
            let request = EnrolmentRequest(
                code: code, journalKey: Known.journalKey.publicKey, transportKey: Known.transportKey.publicKey,
                certificate: try Known.journalKey.signature(over: statement).base64EncodedString(), nonce: "bm9uY2U=",
                pin: "", hardware: "board")
            let answer = EnrolmentAnswer(
                to: request, code: code, kiosk: try Known.kiosk(), epoch: 1, collectorName: Known.collector,
                receiptKey: Known.collectorKey.publicKey, collectorNonce: Known.nonce, authority: nil)
            let encoder = JSONEncoder()
            return [
                .joined([Data("abcd efgh-jkmn-pqrs"), try encoder.encode(request), try encoder.encode(answer)]),
                .joined([Data("oil0-efgh-jkmn-pqrs"), try encoder.encode(request), Data("{}")]),
            ]
        },
        take: { data in
            let pieces = parts(of: data, most: 3)
            guard pieces.count == 3, let code = EnrolmentCode(pieces[0].text) else { return }
            require(EnrolmentCode(code.grouped) == code, "reads another code than it wrote")
            require(code.identifier.count == 16, "names a code by other than 16 digits")
            let drawn = EnrolmentCode(random: Array((pieces[1] + Data(count: 10)).prefix(10)))
            require(EnrolmentCode(drawn.characters) == drawn, "draws a code that it cannot read")
            guard let request = try? JSONDecoder().decode(EnrolmentRequest.self, from: pieces[1]) else { return }
            var own = EnrolmentRequest(
                code: code, journalKey: request.journalKey, transportKey: request.transportKey,
                certificate: request.certificate, nonce: request.nonce, pin: request.pin, hardware: request.hardware,
                afterEpoch: request.afterEpoch)
            own.proof = request.proof
            if request.isValid(for: code) { require(own == request, "gives two requests one proof") }
            guard let answer = try? JSONDecoder().decode(EnrolmentAnswer.self, from: pieces[2]) else { return }
            _ = answer.isValid(for: request, code: code)
            require(answer.words(after: request).count == 6, "gives other than six words")
        })

    /// A stream on a socket of the kiosk.
    static let frames = Decoder(
        "frames", sources: ["UnixSocket/FrameReader.swift", "KioskControl/Frames.swift"],
        seeds: {
            let messages: [any Encodable] = [
                UplinkRequest.identify, UplinkRequest.wait(records: 20, seconds: 60),
                UplinkRequest.batch(epoch: 1, first: 2, maximumRecords: 500, maximumBytes: 262_144),
                UplinkRequest.receipt(note: "note"), UplinkAnswer.pending(records: 3), CommandRequest.status,
            ]
            let stream = Data(try messages.flatMap { try frame(try ControlCoding.encode($0)) })
            return [stream, stream.prefix(50), stream + Data([1, 2, 3, 4]), Data(repeating: 0, count: 400)]
        },
        take: { data in
            let whole = messages(in: data, by: data.count + 1)
            var reader = FrameReader(maximumBytes: 4096)
            reader.append(data)
            require(!reader.isBetweenMessages || data.isEmpty, "forgets bytes")
            require(messages(in: data, by: 3) == whole, "finds other messages when they come in pieces")
            let sent = whole.compactMap { try? Frame.encode($0, maximumBytes: 4096) }
            require(data.starts(with: Data(sent.joined())), "writes other frames than it read")
            require(
                ((try? Frame.encode(data, maximumBytes: 4096)) == nil) == (data.count > 4096),
                "writes a message that is too long, or refuses one that is not")
            // A stream of a thousand empty messages tells no more than ten.
            for message in whole.prefix(10) {
                if let request = try? ControlCoding.decode(UplinkRequest.self, from: message) {
                    let again = try? ControlCoding.decode(
                        UplinkRequest.self, from: (try? ControlCoding.encode(request)) ?? Data())
                    require(again == request, "reads another request than it wrote")
                }
                _ = try? ControlCoding.decode(UplinkAnswer.self, from: message)
                _ = try? ControlCoding.decode(CommandRequest.self, from: message)
                _ = try? ControlCoding.decode(CommandAnswer.self, from: message)
                _ = try? ControlCoding.decode(MaintainRequest.self, from: message)
            }
        })

    /// A questionnaire that a region has written.
    static let questionnaire = Decoder(
        "questionnaire", sources: ["Questionnaires/QuestionnaireReader.swift", "Questionnaires/YAMLNodes.swift"],
        seeds: { [Data(Questionnaires.embedded.bytes)] },
        take: { data in
            do throws(QuestionnaireError) {
                _ = try Questionnaires.parse(bytes: Array(data), name: "fuzz.yaml")
            } catch { require(!error.description.isEmpty, "says nothing") }
        })

    private static func frame(_ message: Data) throws -> Data { try Frame.encode(message, maximumBytes: 4096) }

    private static func messages(in data: Data, by step: Int) -> [Data] {
        var reader = FrameReader(maximumBytes: 4096)
        var found: [Data] = []
        for start in stride(from: 0, to: data.count, by: step) {
            reader.append(data[start..<min(start + step, data.count)])
            do throws(FrameTooLong) {
                while let message = try reader.next() { found.append(message) }
            } catch { return found }
        }
        return found
    }
}
