import ArgumentParser
import Collecting
import CollectorWeb
import FoundationEssentials
import Reporting

extension Grouping: ExpressibleByArgument {}

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compute reports from what is stored.", subcommands: [Ratings.self, Integrity.self])

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
            print("\nCompleteness and integrity of the records behind these figures")
            Integrity.printAppendix(try await Integrity.rows(folder))
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

extension Report {
    struct Integrity: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The appendix of every report: what was received of each kiosk, what is missing, and what is odd."
        )

        @OptionGroup var folder: FolderOption

        @Flag(help: "Print the rows as JSON.")
        var json = false

        func run() async throws {
            let rows = try await Self.rows(folder)
            if json { return try printJSON(rows) }
            Self.printAppendix(rows)
        }

        static func rows(_ folder: FolderOption) async throws -> [IntegrityRow] {
            try await StaffClient(folder.open()).ask("GET", "/admin/integrity") { try await $0.integrity() }
        }

        static func printAppendix(_ rows: [IntegrityRow]) {
            guard !rows.isEmpty else { return print("No kiosk is enrolled.") }
            let head = ["KIOSK", "EPOCH", "STATE", "RECORDS", "MISSING", "DIALOGS", "UNCERTAIN %", "LATE", "REMARKS"]
            printTable(
                [head]
                    + rows.map { row in
                        [
                            row.kiosk, "\(row.epoch)", row.state.rawValue,
                            row.last == 0 ? "-" : "\(row.first)-\(row.last)",
                            row.missing.map { "\($0.first)-\($0.last)" } ?? "-", "\(row.sessions)",
                            row.uncertainShare.map { "\(($0 * 10).rounded() / 10)" } ?? "-", "\(row.late)",
                            remarks(row).joined(separator: "; "),
                        ]
                    })
        }

        private static func remarks(_ row: IntegrityRow) -> [String] {
            var remarks: [String] = []
            if let loss = row.loss {
                let receipted = loss.receiptedSequence.map { ", receipted up to record \($0)" } ?? ""
                remarks.append("the journal before was lost (\(loss.reason)\(receipted))")
            }
            for (count, what) in [
                (row.forks, "forked batches (two journals with one key)"), (row.rewinds, "journal set back"),
                (row.cutTails, "signed records lost before they were sent"),
                (row.collectorRewinds, "the collector had lost receipted records"),
                (row.afterRevocation, "batches after the revocation, not counted"),
            ] where count > 0 { remarks.append("\(count) × \(what)") }
            return remarks
        }
    }
}
