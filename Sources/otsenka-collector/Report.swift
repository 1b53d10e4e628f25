import ArgumentParser
import CollectorWeb
import FoundationEssentials
import Reporting

extension Grouping: ExpressibleByArgument {}

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compute reports from what is stored.", subcommands: [Ratings.self])

    struct Ratings: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ratings, the share of marks 4 and 5 with its Wilson 95 % interval, and the mean.",
            discussion: """
                Rows with fewer ratings than --minimum are suppressed. Until a directory is imported no rating has a \
                territory, direction or provider: those groupings give one row, (none).
                """)

        @OptionGroup var folder: FolderOption

        @Option(help: "Group by \(Grouping.allCases.map(\.rawValue).joined(separator: ", ")).")
        var by: Grouping

        @Option(help: "The first day, such as 2026-11-01 (UTC).")
        var from: String?

        @Option(help: "The last day, included.")
        var to: String?

        @Option(help: "The fewest ratings that a row may show.")
        var minimum = Suppression.standard.minimum

        @Flag(help: "Print the rows as JSON.")
        var json = false

        func run() async throws {
            let question = ReportQuestion(by: by, from: from, to: to, minimum: minimum)
            let rows: [ReportRow] = try await StaffClient(folder.open()).ask("GET", "/admin/report?" + query) {
                try await $0.report(question)
            }
            if [.territory, .direction, .provider].contains(by) {
                complain("no directory is imported, so no rating has a \(by.rawValue)")
            }
            if json { return try printJSON(rows) }
            guard !rows.isEmpty else { return print("No ratings.") }
            printTable([["KEY", "N", "4 AND 5", "SHARE %", "LOW %", "HIGH %", "MEAN"]] + rows.map(Self.texts))
            print("\n\(Formula.share)\n\(Formula.interval)\n\(Formula.mean)")
        }

        private var query: String {
            // Only days and numbers: nothing that would have to be escaped gets past this.
            let pairs =
                [("by", by.rawValue), ("minimum", "\(minimum)")]
                + [("from", from), ("to", to)].compactMap { name, day in
                    day.map { (name, $0.filter { $0.isNumber && $0.isASCII || $0 == "-" }) }
                }
            return pairs.map { "\($0)=\($1)" }.joined(separator: "&")
        }

        private static func texts(_ row: ReportRow) -> [String] {
            guard let n = row.n, let satisfied = row.satisfied, let share = row.share, let low = row.low,
                let high = row.high, let mean = row.mean
            else { return [row.key, "suppressed"] }
            return [row.key, "\(n)", "\(satisfied)"] + [share, low, high].map { fixed($0, 3) } + [fixed(mean, 4)]
        }

        private static func fixed(_ value: Double, _ places: Int) -> String {
            let scale = places == 3 ? 1000.0 : 10000.0
            let whole = Int((value * scale).rounded())
            let digits = String(whole % Int(scale))
            return "\(whole / Int(scale))." + String(repeating: "0", count: places - digits.count) + digits
        }
    }
}
