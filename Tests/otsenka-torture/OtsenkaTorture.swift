import ArgumentParser
import FoundationEssentials
import Glibc
import RealPrograms
import Torture
import TortureCollector
import TortureJournal
import TortureSimulation
import TortureTime
import TortureUplink

/// `make torture`: the promises of `reliability.md` under every fault, as often as the figures say.
@main
struct OtsenkaTorture: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "otsenka-torture",
        abstract: "Torture the programs beside it, and count what they break.",
        discussion: """
            Ends with 0 when every promise was kept and every torture saw its faults take effect, with 1 otherwise. The \
            same seed and number of tries repeat a run.
            """)

    /// What can be tortured by itself.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case journal, uplink, collector, simulation, time, soak

        var tortures: [Torture] {
            switch self {
            case .journal: JournalTortures.all
            case .uplink: UplinkTortures.all
            case .collector: CollectorTortures.all
            case .simulation: SimulationTortures.all
            case .time: TimeTortures.all
            case .soak: TimeTortures.soak
            }
        }
    }

    @Argument(help: "The part to torture.")
    var part: Part

    @Option(help: "Where the randomness starts.")
    var seed: UInt64 = 1

    @Option(help: "How often, for each promise (default: its figure).")
    var tries: Int?

    @Option(help: "Only this promise, such as G1; may be repeated.")
    var only: [String] = []

    @Option(help: ArgumentHelp("Write the rows to this file, in place of older ones.", valueName: "path"))
    var json: String?

    @Option(help: "The folder of the programs (default: the one of this program).")
    var programs: String?

    @Option(help: "Where the folder for the data is made: on the disk that matters.")
    var under = "/var/tmp"

    func run() async throws {
        let chosen = part.tortures.filter { only.isEmpty || only.contains($0.number) || only.contains($0.promise) }
        guard !chosen.isEmpty else {
            throw ValidationError("the part \(part.rawValue) has no such promise; it has \(known)")
        }
        let progress = Progress()
        let place = try Place(under: under, programs: programs ?? Place.ownFolder(), named: "otsenka-torture")
        defer { place.remove() }
        var rows: [Tried] = []
        for torture in chosen {
            let tries = tries ?? torture.tries
            progress.line("\(torture.promise): \(tries) tries, seed \(seed)")
            var row = Tried(torture.promise, seed: seed)
            do {
                row = try await torture.run(Trial(seed: seed, tries: tries, place: place, progress: progress))
            } catch {
                row.violate("it ended early: \(error)")
            }
            for detail in row.details { progress.line("\(torture.promise): \(detail)") }
            rows.append(row)
            if let json { try Tried.write([row], to: json) }
        }
        print(Tried.table(rows))
        if rows.contains(where: { !$0.isKept }) { throw ExitCode(1) }
    }

    private var known: String { part.tortures.map(\.number).joined(separator: ", ") }
}
