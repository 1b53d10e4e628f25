import FoundationEssentials

/// One line of the table, and one object of `bench.json` (Contract).
struct Row: Encodable {
    /// What must hold between the figure and its goal.
    enum Direction { case atLeast, atMost }

    var name: String
    var value: Double
    var unit: String
    /// The same work done by the least that could do it, measured in the same run.
    var baseline: Double?
    /// In `unit`; nothing for a figure that is only told.
    var goal: Double?
    var direction = Direction.atMost
    /// How the goal came about, such as `0.8 × baseline`.
    var goalText: String?

    var met: Bool? {
        goal.map { goal in
            switch direction {
            case .atLeast: value >= goal
            case .atMost: value <= goal
            }
        }
    }

    /// A rate that must reach a share of its baseline's.
    static func rate(_ name: String, _ value: Double, unit: String, share: Double, of baseline: Double) -> Row {
        Row(
            name: name, value: value, unit: unit, baseline: baseline, goal: share * baseline, direction: .atLeast,
            goalText: "≥ \(share) × baseline (is \(rounded(value / baseline)))")
    }

    enum CodingKeys: String, CodingKey { case name, value, unit, baseline, goal, met }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(value, forKey: .value)
        try container.encode(unit, forKey: .unit)
        // Written as null where there is none: the Contract names every key.
        try container.encode(baseline, forKey: .baseline)
        try container.encode(goal, forKey: .goal)
        try container.encode(met, forKey: .met)
    }

    static func json(_ rows: [Row]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(rows), as: UTF8.self) + "\n"
    }

    static func table(_ rows: [Row]) -> String {
        let head = ["WHAT", "FIGURE", "BASELINE", "GOAL", ""]
        let cells = rows.map { row in
            [
                row.name, "\(rounded(row.value)) \(row.unit)", row.baseline.map { "\(rounded($0)) \(row.unit)" } ?? "-",
                row.goalText ?? row.goal.map { "\(row.direction == .atMost ? "≤" : "≥") \(rounded($0)) \(row.unit)" }
                    ?? "-",
                row.met.map { $0 ? "met" : "missed" } ?? "",
            ]
        }
        let all = [head] + cells
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { line in
            zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// Three digits that matter; whole numbers from 100 on.
    static func rounded(_ value: Double) -> String {
        if abs(value) >= 100 { return String(Int(value.rounded())) }
        let places = abs(value) >= 10 ? 10.0 : 100.0
        return "\((value * places).rounded() / places)"
    }
}
