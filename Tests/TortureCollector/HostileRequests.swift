import FakeKiosk
import FoundationEssentials
import Gzip
import Ledger
import SeededRandom
import Wire

/// A request that is signed as it should be and is otherwise hostile.
struct HostileRequest {
    var kind: HostileRequests.Kind
    var request: FakeRequest
    /// Whether no collector may answer it 200; else what it carried decides.
    var mustBeRefused = true
}

/// Makes hostile requests of a kiosk whose key is good, from a seed.
struct HostileRequests {
    enum Kind: String, CaseIterable {
        /// The lines altered and the digest right; with and without a checkpoint over them.
        case alteredLines, alteredAndVouched
        /// New records that break the rules of records and yet chain.
        case hostileRecords, manyHostileRecords
        case noise, giantLines, deepNesting
        case damagedGzip, cutGzip, twiceGzip, bombWithinLimit, bombBeyondLimit, unknownEncoding, notGzip
        case falseDigest, mediaType, wrongRange, oddPath, othersPath
        case hostileCheckpoint, hostileHead, hostileReceipt, hostileSuccession, hostileClock, hostileSignature
        case heartbeat
    }

    private var random: SplitMix
    private var records: HostileRecords

    init(seed: UInt64) {
        random = SplitMix(seed)
        records = HostileRecords(seed: seed &+ 1)
    }

    /// A request of `kiosk`, which is a copy: what the collector took is for the caller to remember.
    mutating func next(of kiosk: FakeKiosk) throws -> HostileRequest {
        let kind = Kind.allCases[pick(Kind.allCases.count)]
        var kiosk = kiosk
        switch kind {
        case .hostileRecords, .manyHostileRecords:
            let first = kiosk.count + 1
            try records.append(kind == .hostileRecords ? 1 + pick(3) : 50 + pick(150), to: &kiosk)
            let packs = pick(2) == 0
            let request = try kiosk.upload(first, kiosk.count) { packs ? try Gzip.compress($0) : $0 }
            return HostileRequest(
                kind: kind, request: packs ? request : try plain(request, kiosk), mustBeRefused: false)
        case .heartbeat: return HostileRequest(kind: kind, request: try heartbeat(kiosk), mustBeRefused: false)
        default:
            // Records of which the collector has some and has not the rest.
            try kiosk.visit(mark: 1 + pick(5))
            let first = max(1, kiosk.count - 2 - Int64(pick(4)))
            var hostile = HostileRequest(kind: kind, request: try kiosk.upload(first, kiosk.count))
            try spoil(&hostile, of: kiosk)
            return hostile
        }
    }

    private mutating func spoil(_ hostile: inout HostileRequest, of kiosk: FakeKiosk) throws {
        switch hostile.kind {
        case .alteredLines, .alteredAndVouched, .noise, .giantLines, .deepNesting:
            hostile.request.body = altered(hostile.request.body, hostile.kind)
            // A mutation may undo itself, or be a record of its own.
            hostile.mustBeRefused = false
            if hostile.kind != .alteredLines { try vouch(&hostile.request, of: kiosk) }
        case .damagedGzip, .cutGzip, .twiceGzip, .bombWithinLimit, .bombBeyondLimit, .unknownEncoding, .notGzip:
            try pack(&hostile)
        case .falseDigest: hostile.request.head.fields["content-digest"] = ContentDigest.value(of: Data([1]))
        case .mediaType:
            hostile.request.head.fields["content-type"] = Self.mediaTypes[pick(Self.mediaTypes.count)]
            hostile.mustBeRefused = false
        case .wrongRange, .oddPath, .othersPath: path(&hostile.request, hostile.kind, kiosk)
        case .hostileSignature:
            try sign(&hostile.request, with: kiosk, keepsDigest: true)
            let field = pick(2) == 0 ? "signature" : "signature-input"
            hostile.request.head.fields[field] = text(of: hostile.request.head.fields[field] ?? "")
            hostile.mustBeRefused = false
            return
        default: note(&hostile, of: kiosk)
        }
        try sign(&hostile.request, with: kiosk, keepsDigest: hostile.kind == .falseDigest)
    }

    private func sign(_ request: inout FakeRequest, with kiosk: FakeKiosk, keepsDigest: Bool = false) throws {
        if !keepsDigest { request.head.fields["content-digest"] = ContentDigest.value(of: request.body) }
        try kiosk.sign(&request.head)
    }

    /// `upload` says that its body is compressed.
    private func plain(_ request: FakeRequest, _ kiosk: FakeKiosk) throws -> FakeRequest {
        var request = request
        request.head.fields["content-encoding"] = nil
        try sign(&request, with: kiosk)
        return request
    }

    /// The kiosk's own word, in all its notes, for the lines as they are now.
    private mutating func vouch(_ request: inout FakeRequest, of kiosk: FakeKiosk) throws {
        let lines = HostileRequest.lines(of: request.body)
        if pick(2) == 0, !lines.isEmpty {
            request.last = request.first + Int64(lines.count) - 1
            request.head.path = Routes.records(
                kiosk.id, epoch: kiosk.epoch, first: request.first, last: request.last)
        }
        let head = ChainHead(
            kiosk: kiosk.id.rawValue, epoch: kiosk.epoch, sequence: request.last,
            hash: ChainHash(of: lines.last ?? Data()))
        let note = FakeKiosk.base64(try Checkpoint(head: head, signedWith: [kiosk.journalKey]).serialized)
        (request.head.fields["checkpoint"], request.head.fields["head"]) = (note, note)
    }

    private mutating func altered(_ body: Data, _ kind: Kind) -> Data {
        switch kind {
        case .noise: return Data((0..<(1 << pick(17))).map { _ in UInt8.random(in: 0...255, using: &random) })
        case .giantLines: return body + Data(repeating: UInt8(ascii: "a"), count: 1 << (12 + pick(8)))
        case .deepNesting:
            let opening = pick(2) == 0 ? "[" : "{\"seq\":1,\"prev\":"
            return body + Data(String(repeating: opening, count: 1 << (4 + pick(10))).utf8)
        default: return mutated(body)
        }
    }

    /// Bits, cuts, repeats, splices and exchanged lines.
    private mutating func mutated(_ body: Data) -> Data {
        var bytes = [UInt8](body)
        for _ in 0...pick(3) where bytes.count > 1 {
            let (here, there) = (pick(bytes.count), pick(bytes.count))
            switch pick(6) {
            case 0: bytes[here] ^= 1 << UInt8(pick(8))
            case 1: bytes.remove(at: here)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: here)
            case 3: bytes.removeLast(bytes.count - here)
            case 4: bytes.insert(contentsOf: bytes[min(here, there)..<max(here, there)], at: here)
            default:
                let lines = bytes.split(separator: UInt8(ascii: "\n")).shuffled(using: &random)
                bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
            }
        }
        return Data(bytes.prefix(WireLimits.bodyBytes))
    }

    private mutating func pack(_ hostile: inout HostileRequest) throws {
        var body = try Gzip.compress(hostile.request.body)
        hostile.request.head.fields["content-encoding"] = "gzip"
        switch hostile.kind {
        case .damagedGzip:
            body = mutated(body)
            // The header holds bytes that mean nothing.
            hostile.mustBeRefused = false
        case .cutGzip: body = body.prefix(pick(body.count))
        case .twiceGzip: body = pick(2) == 0 ? try Gzip.compress(body) : body + body
        case .bombWithinLimit: body = try Gzip.compress(Data(repeating: 10, count: WireLimits.bytesPerBatch))
        case .bombBeyondLimit: body = try Gzip.compress(Data(count: WireLimits.bytesPerBatch << (1 + pick(6))))
        case .unknownEncoding:
            hostile.request.head.fields["content-encoding"] = Self.encodings[pick(Self.encodings.count)]
        default: body = hostile.request.body
        }
        hostile.request.body = body
    }

    private mutating func path(_ request: inout FakeRequest, _ kind: Kind, _ kiosk: FakeKiosk) {
        let path = request.head.path
        switch kind {
        case .othersPath: request.head.path = path.replacing(kiosk.id.rawValue, with: "bystander")
        case .wrongRange:
            let ranges = [
                "0-0", "0-\(request.last)", "\(request.last)-\(request.first - 1)", "1-9223372036854775807",
                "9223372036854775807-9223372036854775807", "9223372036854775806-9223372036854775807",
                "9007199254740990-9007199254740992", "-1-1", "1--1", "1-501", "01-3", "1-", "-", "1-3-5",
                "\(request.last + 100)-\(request.last + 102)", "%31-3", "1e1-11", "٣-٣",
            ]
            let cut = path.split(separator: "/").dropLast().joined(separator: "/")
            request.head.path = "/\(cut)/\(Self.escaped(ranges[pick(ranges.count)]))"
        default:
            let epochs = [
                "0", "-1", "999999", "1000001", "9223372036854775807", "9223372036854775808", "a", "%00", "1%2F1",
            ]
            request.head.path =
                "/v1/kiosks/\(kiosk.id)/epochs/\(epochs[pick(epochs.count)])/records/\(request.first)-\(request.last)"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "%" + String($0, radix: 16, uppercase: true) }.joined()
    }

    private mutating func note(_ hostile: inout HostileRequest, of kiosk: FakeKiosk) {
        let name: String
        switch hostile.kind {
        case .hostileCheckpoint: name = "checkpoint"
        case .hostileHead: name = "head"
        case .hostileClock: name = "otsenka-clock"
        case .hostileReceipt: name = "receipt"
        default: name = "otsenka-transport"
        }
        // A note may carry more signatures; what is no receipt or succession of ours is as if it were not there.
        hostile.mustBeRefused = false
        let old = hostile.request.head.fields[name] ?? ""
        if hostile.kind == .hostileClock {
            hostile.request.head.fields[name] = Self.clocks[pick(Self.clocks.count)]
        } else {
            let plain = Data(base64Encoded: old) ?? Data("otsenka/x\n1\nYQ==\n\n— a YQ==\n".utf8)
            hostile.request.head.fields[name] =
                pick(2) == 0 ? text(of: old) : mutated(plain).prefix(8192).base64EncodedString()
        }
    }

    /// What a field of HTTP may hold: printable ASCII.
    private mutating func text(of field: String) -> String {
        if pick(8) == 0 { return String(repeating: "A", count: 1 << (4 + pick(9))) }
        let bytes = mutated(Data((field.isEmpty ? "YQ==" : field).utf8))
        return String(decoding: bytes.map { 0x21 + $0 % 0x5E }.prefix(8192), as: UTF8.self)
    }

    private mutating func heartbeat(_ original: FakeKiosk) throws -> FakeRequest {
        var kiosk = original
        var request = try kiosk.heartbeat(
            marks: (0..<pick(100)).map { _ in String(repeating: "m", count: 1 << pick(7)) }, unsent: Int.max - pick(3))
        switch pick(4) {
        case 0: request.body = mutated(request.body)
        case 1: request.body = altered(Data(), .deepNesting)
        case 2:
            let names = ["epoch", "boot", "boot_ms", "unsent"]
            let values = [Int64.max, Int64.min, -1, 0, 1 << 53]
            let name = names[pick(names.count)]
            let nonce = Data(repeating: 7, count: pick(60)).base64EncodedString()
            request.body = Data(
                """
                {"epoch":1,"boot":1,"boot_ms":1,"wall":"","clock":"free","unsent":0,"marks":[],"program":"",\
                "nonce":"\(nonce)","\(name)":\(values[pick(values.count)])}
                """.utf8)
        default: break
        }
        try sign(&request, with: kiosk)
        return request
    }

    private mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

    private static let mediaTypes = [
        "text/html", "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "a", "/",
        "application/x-ndjson; charset=utf-7",
    ]
    private static let encodings = ["br", "zstd", "gzip, gzip", "gzip;q=0", "deflate", "GZIP\u{00A0}", "compress", ","]
    private static let clocks = [
        "boot=1, ms=999999999999999", "boot=999999999999999, ms=1", "boot=0, ms=0", "boot=-1, ms=1", "boot=1", "ms=1",
        "boot=1, ms=1.5", "boot=\"1\", ms=1", "boot=(1 2), ms=1", "boot=1, ms=9999999999999999", "boot=1, ms=1, boot=2",
        "boot=?1, ms=?0", "boot, ms", ",", "boot=1;a=1, ms=2;b=:YQ==:",
    ]
}

extension HostileRequest {
    /// The lines of a body without their newlines; the last one may lack its newline.
    static func lines(of body: Data) -> [Data] {
        var lines = body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Data($0) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}
