import FoundationEssentials
import Ledger
import Ratings

/// A part of an export, and where the next one begins.
public struct ExportPiece: Codable, Sendable {
    /// Whole lines.
    public var lines: Data
    /// Nothing at the end.
    public var next: ExportCursor?
}

/// A place in an export between two of its pieces. An epoch is exported as it stood when its first piece was made.
public struct ExportCursor: Codable, Equatable, Sendable {
    enum Stage: String, Codable { case lists, epochs }

    var stage: Stage
    /// The number of the next list; or which epoch, in the order of kiosks and epochs.
    var index: Int64
    var chain: ChainName?
    /// The first record that is still to be written, the last one, and the branches of the epoch.
    var from: Int64 = 1
    var upTo: Int64 = 0
    var branches = 0

    enum CodingKeys: String, CodingKey { case stage, index, kiosk, epoch, from, upTo, branches }

    init(stage: Stage, index: Int64) {
        self.stage = stage
        self.index = index
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        stage = try container.decode(Stage.self, forKey: .stage)
        index = try container.decode(Int64.self, forKey: .index)
        from = try container.decode(Int64.self, forKey: .from)
        upTo = try container.decode(Int64.self, forKey: .upTo)
        branches = try container.decode(Int.self, forKey: .branches)
        if let kiosk = KioskID(rawValue: try container.decodeIfPresent(String.self, forKey: .kiosk) ?? "") {
            chain = ChainName(kiosk: kiosk, epoch: try container.decode(Int.self, forKey: .epoch))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(stage, forKey: .stage)
        try container.encode(index, forKey: .index)
        try container.encode(from, forKey: .from)
        try container.encode(upTo, forKey: .upTo)
        try container.encode(branches, forKey: .branches)
        try container.encodeIfPresent(chain?.kiosk.rawValue, forKey: .kiosk)
        try container.encodeIfPresent(chain?.epoch, forKey: .epoch)
    }
}

extension Collector {
    /// A piece holds lines until it has so many bytes.
    private static let pieceBytes = 2 * 1024 * 1024

    /// The first piece of an export, or the one at `cursor`; `now` is milliseconds since 1970. What the store will not
    /// give is named in the export and left out; throws `StoreError` only if the store cannot be read at all.
    public func exportPiece(at cursor: ExportCursor? = nil, now: Int64) async throws -> ExportPiece {
        let identity = identity
        return try await store.read { snapshot in
            var writer = ExportWriter(snapshot: snapshot)
            guard var cursor else {
                try writer.write(.beginning)
                let collector = ExportedCollector(
                    name: identity.name, key: identity.key.publicKey, time: now / 1000,
                    successions: identity.successions.filter { $0.role == .receipt }.map(\.serialized))
                try writer.write(.collector(collector))
                return ExportPiece(lines: writer.lines, next: ExportCursor(stage: .lists, index: 1))
            }
            while writer.lines.count < Self.pieceBytes {
                guard let next = try writer.advance(cursor, mostBytes: Self.pieceBytes) else {
                    return ExportPiece(lines: writer.lines, next: nil)
                }
                cursor = next
            }
            return ExportPiece(lines: writer.lines, next: cursor)
        }
    }
}

/// Writes lines of an export over one state of the store.
private struct ExportWriter {
    let snapshot: any StoreSnapshot
    var lines = Data()
    /// All kiosks by id, read once for a piece.
    private var kiosks: [KioskID] = []

    init(snapshot: any StoreSnapshot) { self.snapshot = snapshot }

    mutating func write(_ line: ExportLine) throws {
        lines.append(contentsOf: try line.text.utf8)
        lines.append(UInt8(ascii: "\n"))
    }

    /// Writes what stands at the cursor and moves it on; nothing at the end.
    mutating func advance(_ cursor: ExportCursor, mostBytes: Int) throws -> ExportCursor? {
        var cursor = cursor
        switch cursor.stage {
        case .lists:
            if let list = try snapshot.heads(cursor.index) {
                try write(.list(list.note))
                cursor.index += 1
                return cursor
            }
            for place in try snapshot.offices() { try write(.office(place)) }
            for place in try snapshot.services() { try write(.service(place)) }
            do {
                try snapshot.forEachEvent(after: 0) { try write(.event($0)) }
            } catch {
                try write(.unreadable("events \(Self.plain(error))"))
            }
            return try opened(ExportCursor(stage: .epochs, index: 0), after: nil)
        case .epochs:
            guard let name = cursor.chain else { return nil }
            do {
                return try records(cursor, of: name, mostBytes: mostBytes)
            } catch {
                try write(.unreadable("\(name) \(Self.plain(error))"))
                return try opened(cursor, after: name)
            }
        }
    }

    /// The cursor at the epoch after `name`, its first line written; nothing when there is none.
    private mutating func opened(_ cursor: ExportCursor, after name: ChainName?) throws -> ExportCursor? {
        if kiosks.isEmpty { kiosks = try snapshot.kiosks().map(\.id).sorted { $0.rawValue < $1.rawValue } }
        let start = name.map { name in kiosks.partitioningIndex { $0.rawValue >= name.kiosk.rawValue } } ?? 0
        for kiosk in kiosks[start...] {
            let epochs: [EpochRow]
            do {
                epochs = try snapshot.epochs(of: kiosk)
            } catch {
                if kiosk != name?.kiosk { try write(.unreadable("\(kiosk)/0 \(Self.plain(error))")) }
                continue
            }
            for epoch in epochs where name.map({ $0 < epoch.name }) ?? true {
                try write(.epoch(epoch))
                var next = cursor
                (next.chain, next.from) = (epoch.name, 1)
                (next.upTo, next.branches) = (epoch.head.sequence, epoch.branches)
                return next
            }
        }
        return nil
    }

    /// Batches with their records; at the last one also what comes after them.
    private mutating func records(_ cursor: ExportCursor, of name: ChainName, mostBytes: Int) throws -> ExportCursor? {
        var cursor = cursor
        guard let epoch = try snapshot.epoch(name.kiosk, name.epoch) else { return try opened(cursor, after: name) }
        struct Enough: Error {}
        do {
            try snapshot.forEachArrival(of: epoch.chain, after: cursor.from - 1) { arrival in
                guard arrival.first <= cursor.upTo else { throw Enough() }
                try write(.arrival(arrival))
                try records(cursor.from...max(cursor.from, min(arrival.last, cursor.upTo)), of: epoch.chain)
                cursor.from = max(cursor.from, arrival.last + 1)
                if lines.count >= mostBytes { throw Enough() }
            }
        } catch is Enough {
            if cursor.from <= cursor.upTo { return cursor }
        }
        if cursor.from <= cursor.upTo { try records(cursor.from...cursor.upTo, of: epoch.chain) }
        for branch in try snapshot.branches(of: epoch.chain).prefix(cursor.branches) { try write(.branch(branch)) }
        return try opened(cursor, after: name)
    }

    private mutating func records(_ range: ClosedRange<Int64>, of chain: Int64) throws {
        for sequence in range {
            // A missing record is left out: the next one tells by its `seq`.
            guard let line = try snapshot.line(chain, sequence) else { continue }
            lines.append(line)
            lines.append(UInt8(ascii: "\n"))
        }
    }

    private static func plain(_ error: any Error) -> String { "\(error)".replacing("\n", with: " ") }
}
