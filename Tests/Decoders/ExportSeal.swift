import FoundationEssentials
import Ledger

@testable import Collecting

/// The collector's seals and signatures on an export, whatever it says: what only a fuzzer that holds the key gets past.
enum ExportSeal {
    /// The lines, those of ours sealed as the collector seals its rows; the others as they came.
    static func seal(_ lines: [Data]) -> [Data] {
        var (epoch, event) = ("", "")
        var chain: Int64 = 1
        return lines.enumerated().map { index, line in
            guard var ours = ExportLine(line, chain: chain) else { return line }
            do {
                switch ours {
                case .epoch(var row):
                    row.seal = try Seal.sign(Seal.text(of: row, after: epoch), with: Known.collectorKey)
                    row.stateSeal = try Seal.sign(Seal.text(ofStateOf: row), with: Known.collectorKey)
                    (epoch, chain) = (row.seal, row.chain)
                    ours = .epoch(row)
                case .arrival(var row):
                    row.seal = try Seal.sign(Seal.text(of: row), with: Known.collectorKey)
                    ours = .arrival(row)
                case .event(var row):
                    row.seal = try Seal.sign(Seal.text(of: row, after: event), with: Known.collectorKey)
                    event = row.seal
                    ours = .event(row)
                case .list(let note):
                    guard
                        let list = (try? SignedNote(parsing: note, maximumBytes: HeadsList.maximumBytes))
                            .flatMap({ HeadsList(text: $0.text) })
                    else { return line }
                    ours = .list(try SignedHeads(list, signedWith: Known.collectorKey).serialized)
                case .end: ours = .end(lines: Int64(index))
                default: return line
                }
                return Data(try ours.text)
            } catch { return line }
        }
    }
}
