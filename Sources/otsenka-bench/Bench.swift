import ArgumentParser
import FoundationEssentials
import Glibc
import RealPrograms

/// `make bench`: the promised figures, each beside the baseline of the same run.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "otsenka-bench",
        abstract: "Measure speed and memory of the programs beside it.",
        discussion: """
            Release builds only: a debug build measures the compiler. Everything happens in a new folder that is removed \
            at the end; progress goes to standard error, the table to standard output. Ends with 0 when everything \
            could be measured, whether or not it met its goal.
            """)

    /// What can be measured by itself.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case journal
        case firstFrame = "first-frame"
        /// Presses, and the memory of both kiosk processes after them.
        case press
        case ingest
    }

    @Option(help: ArgumentHelp("Also write the rows to this file.", valueName: "path"))
    var json: String?

    @Option(help: "Measure only this part; may be repeated.")
    var only: [Part] = []

    @Flag(help: "Fewer repetitions: to see that everything runs, not for figures.")
    var quick = false

    @Option(help: "The folder of otsenka-kiosk and otsenka-collector (default: the one of this program).")
    var programs: String?

    @Option(help: "Where the folder for the data is made: on the disk that matters.")
    var under = "/var/tmp"

    func run() throws {
        do {
            let place = try Place(under: under, programs: programs ?? Place.ownFolder())
            defer { place.remove() }
            var rows: [Row] = []
            for part in Part.allCases where only.isEmpty || only.contains(part) {
                rows += try measure(part, at: place)
            }
            print(Row.table(rows))
            if let json { try Data(Row.json(rows).utf8).write(to: URL(filePath: json)) }
        } catch let error as any CustomStringConvertible & Error {
            FileHandleLine.standardError("otsenka-bench: \(error)")
            throw ExitCode(70)
        }
    }

    private func measure(_ part: Part, at place: Place) throws -> [Row] {
        switch part {
        case .journal:
            progress("appending to the journal and to plain SQLite")
            return [try JournalBench.row(quick: quick, under: place.folder)]
        case .firstFrame: return try KioskBench(place: place, quick: quick).firstFrame()
        case .press: return try KioskBench(place: place, quick: quick).presses()
        case .ingest: return [try IngestBench(place: place, quick: quick).row()]
        }
    }
}

/// What kept something from being measured: the thing, the cause and the next step.
struct BenchError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

enum FileHandleLine {
    static func standardError(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        // A line that cannot be written has nobody who could read it.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// Tells somebody who waits what is going on.
func progress(_ text: String) { FileHandleLine.standardError("otsenka-bench: \(text)") }

/// The middle of an odd number of values, the upper middle of an even one.
func median<Value: Comparable>(_ values: [Value]) -> Value {
    precondition(!values.isEmpty, "nothing was measured")
    return values.sorted()[values.count / 2]
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
