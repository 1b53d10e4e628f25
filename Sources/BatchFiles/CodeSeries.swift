// A series of QR codes: one batch file, or one receipt, as texts for a hand scanner or a telephone.
//
// Constraints: codes are read in any order, some of them twice, by scanners that type what they read; each must be small
// enough to be read from a screen; a letter that was misread must be noticed. Format of one text, capitals only:
//   OTSENKA1:KIND:SERIES:I/N:DATA:SUM
// KIND is B for a batch file and R for a receipt (the text of the note). SERIES is the first 8 bytes of the SHA-256 of
// everything that the series carries, in hexadecimal: it names the series and checks the whole. I counts from 1 to N. DATA
// is Base45 (RFC 9285) and may hold colons and spaces, so SUM stands last: the first 4 bytes of the SHA-256 of the text
// before it, its colon included, in hexadecimal.
// Limits: `charactersPerCode` a text, `maximumParts` a series, `maximumSeries` at once. Operations: `texts`, `CodeReader`.

import Crypto
import FoundationEssentials

/// What a series carries.
public enum CodeKind: String, Sendable {
    case batch = "B"
    case receipt = "R"
}

public enum CodeSeries {
    /// The longest text of one code: version 21 of ISO/IEC 18004 with error correction M, 101 modules on a side.
    public static let charactersPerCode = 1000
    public static let maximumParts = 999
    /// How many bytes one code carries; even, so that only the last part has an odd digit.
    static let bytesPerCode = 630

    /// How many codes so many bytes become.
    public static func count(of bytes: Int) -> Int { max(1, (bytes + bytesPerCode - 1) / bytesPerCode) }

    /// The texts of the codes, in order. Nothing when they would be more than `maximumParts`.
    public static func texts(of data: Data, kind: CodeKind) -> [String]? {
        let count = count(of: data.count)
        guard count <= maximumParts else { return nil }
        let series = id(of: data)
        return (0..<count).map { part in
            let start = data.startIndex + part * bytesPerCode
            let piece = data[start..<min(start + bytesPerCode, data.endIndex)]
            let text = "\(prefix):\(kind.rawValue):\(series):\(part + 1)/\(count):\(Base45.encode(Data(piece))):"
            return text + sum(of: text)
        }
    }

    static let prefix = "OTSENKA1"

    static func id(of data: Data) -> String { hexadecimal(SHA256.hash(data: data), bytes: 8) }

    static func sum(of text: some StringProtocol) -> String {
        hexadecimal(SHA256.hash(data: Data(text.utf8)), bytes: 4)
    }

    private static func hexadecimal(_ digest: SHA256.Digest, bytes: Int) -> String {
        digest.prefix(bytes).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}

/// One text of a code, taken apart; its own sum was right.
struct CodePart: Equatable {
    var kind: CodeKind
    var series: String
    /// From 1.
    var number: Int
    var count: Int
    var data: Data

    /// Nothing for anything but a text that `CodeSeries.texts` may have made.
    init?(_ text: Substring) {
        guard text.utf8.count <= CodeSeries.charactersPerCode, let lastColon = text.lastIndex(of: ":") else {
            return nil
        }
        let before = text[...lastColon]
        guard CodeSeries.sum(of: before).utf8.elementsEqual(text[text.index(after: lastColon)...].utf8) else {
            return nil
        }
        let parts = before.dropLast().split(separator: ":", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] == CodeSeries.prefix, let kind = CodeKind(rawValue: String(parts[1])),
            parts[2].utf8.count == 16
        else { return nil }
        let position = parts[3].split(separator: "/", omittingEmptySubsequences: false)
        guard position.count == 2, let number = Int(position[0]), let count = Int(position[1]),
            (1...CodeSeries.maximumParts).contains(count), (1...count).contains(number),
            let data = Base45.decode(parts[4])
        else { return nil }
        self.kind = kind
        series = String(parts[2])
        self.number = number
        self.count = count
        self.data = data
    }
}

/// Puts series together from texts in any order, with repeats.
public struct CodeReader: Sendable {
    /// A series that is not yet whole.
    public struct Missing: Equatable, Sendable {
        public var series: String
        public var kind: CodeKind
        public var count: Int
        /// The numbers of the codes to scan, from 1.
        public var parts: [Int]
    }

    private struct Series {
        var kind: CodeKind
        var count: Int
        var parts: [Int: Data] = [:]
    }

    /// What one line was.
    public enum Reading: Equatable, Sendable {
        /// A new part, or one that was read before.
        case part
        /// Nothing but white space.
        case empty
        /// Not a text of ours, or misread.
        case unreadable
        /// More series are open than one reader holds.
        case tooMany
    }

    public static let maximumSeries = 1000
    private var series: [String: Series] = [:]
    private var order: [String] = []

    public init() {}

    /// Reads one line; what stands around the text (a carriage return of the scanner) is left out.
    public mutating func read(_ line: some StringProtocol) -> Reading {
        let text = Substring(line).trimmingASCIISpace
        if text.isEmpty { return .empty }
        guard let part = CodePart(text) else { return .unreadable }
        if series[part.series] == nil {
            guard order.count < Self.maximumSeries else { return .tooMany }
            series[part.series] = Series(kind: part.kind, count: part.count)
            order.append(part.series)
        }
        guard var known = series[part.series], known.kind == part.kind, known.count == part.count else {
            return .unreadable
        }
        known.parts[part.number] = known.parts[part.number] ?? part.data
        series[part.series] = known
        return .part
    }

    /// What is whole, in the order in which it was begun. A series whose parts do not make up what its name says is left
    /// out and stands among `broken`.
    public var whole: [(kind: CodeKind, data: Data)] {
        order.compactMap { id in
            guard let found = series[id], let data = data(of: found), CodeSeries.id(of: data) == id else { return nil }
            return (found.kind, data)
        }
    }

    /// Series that have all their parts and are still not what their name says: they must be scanned again.
    public var broken: [String] {
        order.filter { id in series[id].flatMap(data(of:)).map { CodeSeries.id(of: $0) != id } ?? false }
    }

    public var missing: [Missing] {
        order.compactMap { id in
            guard let found = series[id], found.parts.count < found.count else { return nil }
            return Missing(
                series: id, kind: found.kind, count: found.count,
                parts: (1...found.count).filter { found.parts[$0] == nil })
        }
    }

    private func data(of found: Series) -> Data? {
        guard found.parts.count == found.count else { return nil }
        return (1...found.count).reduce(into: Data()) { $0.append(found.parts[$1] ?? Data()) }
    }
}

extension Substring {
    /// Without white space at its ends; a text of ours neither begins nor ends with any.
    fileprivate var trimmingASCIISpace: Substring {
        var text = self
        while let last = text.unicodeScalars.last, last.value <= 0x20 { text.unicodeScalars.removeLast() }
        while let first = text.unicodeScalars.first, first.value <= 0x20 { text.unicodeScalars.removeFirst() }
        return text
    }
}
