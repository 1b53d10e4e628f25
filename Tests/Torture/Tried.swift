import FoundationEssentials

/// What came of one promise: a line of the table, and an object of `torture.json` (Contract).
public struct Tried: Codable, Equatable, Sendable {
    /// Its number in `reliability.md`, and in a few words what was done to it: "G1 process kill".
    public var promise: String
    /// How many times, states or records.
    public var tries: Int
    /// How many faults were seen to take effect: a signal that ended a program, a call that failed, an answer that was
    /// cut. A torture whose faults never took effect proves nothing and fails.
    public var faults: Int
    public var violations: Int
    public var seed: UInt64
    /// The first violations, in words; not part of the JSON.
    public var details: [String] = []

    /// So many violations are told in words.
    public static let mostDetails = 5

    enum CodingKeys: String, CodingKey { case promise, tries, faults, violations, seed }

    public init(_ promise: String, tries: Int = 0, faults: Int = 0, violations: Int = 0, seed: UInt64) {
        self.promise = promise
        self.tries = tries
        self.faults = faults
        self.violations = violations
        self.seed = seed
    }

    public var isKept: Bool { violations == 0 && faults > 0 && tries > 0 }

    public mutating func violate(_ what: @autoclosure () -> String) {
        violations += 1
        if details.count < Self.mostDetails { details.append(what()) }
    }

    /// Adds what another run of the same promise came to.
    public mutating func add(_ other: Tried) {
        tries += other.tries
        faults += other.faults
        violations += other.violations
        details = Array((details + other.details).prefix(Self.mostDetails))
    }

    public static func table(_ rows: [Tried]) -> String {
        let head = ["PROMISE", "TRIES", "FAULTS", "VIOLATIONS", "SEED", ""]
        let cells = rows.map { row in
            [
                row.promise, "\(row.tries)", "\(row.faults)", "\(row.violations)", "\(row.seed)",
                row.isKept ? "kept" : row.violations > 0 ? "BROKEN" : "NO FAULT TOOK EFFECT",
            ]
        }
        let all = [head] + cells
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { line in
            zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// `rows` in the file `path`, in place of older ones of the same promise.
    public static func write(_ rows: [Tried], to path: String) throws {
        let url = URL(filePath: path)
        let old = (try? JSONDecoder().decode([Tried].self, from: Data(contentsOf: url))) ?? []
        let promises = Set(rows.map(\.promise))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes, .sortedKeys]
        try encoder.encode(old.filter { !promises.contains($0.promise) } + rows).write(to: url, options: .atomic)
    }
}
