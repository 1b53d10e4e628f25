import ArgumentParser
import Collecting
import CollectorWeb
import FoundationEssentials

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write everything that a third party needs to check this collector into one file.",
        discussion: """
            The records stand in it as the kiosks wrote them, one a line, so that grep and sha256sum work on it; no key \
            and no code is in it. Check it with `verify --heads FILE --export FILE`.
            """)

    @OptionGroup var folder: FolderOption

    @Option(help: "The file to write.")
    var out: String

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func run() async throws {
        let client = StaffClient(try folder.open())
        var file = try OutputFile(out)
        var facts = Facts(file: out)
        var cursor: ExportCursor?
        repeat {
            let body = try cursor.map { try JSONEncoder().encode($0) } ?? Data()
            let here = cursor
            let piece: ExportPiece = try await client.ask("POST", "/admin/export", body: body) {
                try await $0.export(at: here)
            }
            facts.lines += piece.lines.reduce(into: 0) { $0 += $1 == UInt8(ascii: "\n") ? 1 : 0 }
            facts.bytes += piece.lines.count
            try file.write(piece.lines)
            cursor = piece.next
        } while cursor != nil
        let end = Data("end \(facts.lines)\n".utf8)
        try file.write(end)
        facts.bytes += end.count
        try file.end()
        if json { return try printJSON(facts) }
        print("\(facts.lines) lines, \(facts.bytes) bytes, are in \(out).")
    }

    private struct Facts: Encodable {
        var file: String
        var lines = 0
        var bytes = 0
    }
}
