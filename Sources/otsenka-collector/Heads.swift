import ArgumentParser
import CollectorWeb
import FoundationEssentials
import Glibc
import Ledger

struct Heads: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print or write a signed list of heads: what the collector vouches for.",
        discussion: """
            `serve` makes one each day (UTC) and publishes it at /v1/heads. Give it away: whoever keeps one can later \
            check an export with `verify --heads FILE --export FILE`, without this collector.
            """)

    @OptionGroup var folder: FolderOption

    @Option(help: "The list of this day, such as 2026-11-22 (default: the newest).")
    var day: String?

    @Flag(help: "Make a list now, beside that of the day.")
    var make = false

    @Option(help: "Write the list to this file.")
    var out: String?

    @Option(
        help: "Keep the cosignature in this file, which a witness gave back; with --witness-name and --witness-key.")
    var cosigned: String?

    @Option(help: "The name of the witness.")
    var witnessName: String?

    @Option(help: "The key of the witness, base64.")
    var witnessKey: String?

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func validate() throws {
        if day != nil, make { throw ValidationError("--day and --make do not go together") }
        if let day, day.contains(where: { !($0.isASCII && $0.isNumber || $0 == "-") }) {
            throw ValidationError("\(day) is not a day; write it as 2026-11-22")
        }
        if cosigned != nil, witnessName == nil || witnessKey.flatMap(PublicKey.init(base64:)) == nil {
            throw ValidationError("--cosigned needs --witness-name and --witness-key")
        }
    }

    func run() async throws {
        let client = StaffClient(try folder.open())
        if let cosigned, let witnessName, let key = witnessKey.flatMap(PublicKey.init(base64:)) {
            let body = CosignedHeads(note: try readFile(cosigned), witness: witnessName, key: key)
            let _: [String: String] = try await client.ask(
                "POST", "/admin/heads/cosignatures", body: try JSONEncoder().encode(body)
            ) {
                try await $0.keep(body)
                return [:]
            }
        }
        let query = make ? "?make=now" : day.map { "?day=" + $0 } ?? ""
        let found: [PublishedHeads] = try await client.ask("GET", "/admin/heads" + query) {
            try await $0.heads(day: day, make: make).map { [$0] } ?? []
        }
        guard let heads = found.first, let note = heads.note else {
            throw CollectorFailure(
                .data, "there is no list of heads\(day.map { " of \($0)" } ?? " yet"); make one with --make")
        }
        if let out { try writeFile(out, note) }
        if json { return try printJSON(heads) }
        print(
            out.map { "List \(heads.number) of \(heads.day), SHA-256 \(heads.hash ?? "?"), is in \($0)." } ?? note,
            terminator: out == nil ? "" : "\n")
    }
}

/// The text of a file that a person named. Throws `CollectorFailure`.
func readFile(_ path: String) throws(CollectorFailure) -> String {
    do {
        return String(decoding: try Data(contentsOf: URL(filePath: FolderOption.absolute(path))), as: UTF8.self)
    } catch {
        throw CollectorFailure(
            .inputOutput, "cannot read \(path) (\(String(cString: strerror(errno)))); check its name")
    }
}

/// Writes a file that others may read.
func writeFile(_ path: String, _ text: String) throws(CollectorFailure) {
    var file = try OutputFile(path)
    try file.write(Data(text.utf8))
    try file.end()
}

/// A file that is written in pieces, under its name only once it is whole.
struct OutputFile: ~Copyable {
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws(CollectorFailure) {
        self.path = FolderOption.absolute(path)
        descriptor = open(self.path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw CollectorFailure(
                .cannotCreate, "cannot create \(path) (\(String(cString: strerror(errno)))); choose another file")
        }
        // What is for everybody's eyes is readable for everybody, whatever the umask of a program full of secrets.
        fchmod(descriptor, 0o644)
    }

    deinit { close(descriptor) }

    mutating func write(_ data: Data) throws(CollectorFailure) {
        var start = 0
        while start < data.count {
            let written = data.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + start }, $0.count - start)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure() }
            start += written
        }
    }

    mutating func end() throws(CollectorFailure) {
        guard fsync(descriptor) == 0, rename(path + ".part", path) == 0 else { throw failure() }
    }

    private func failure() -> CollectorFailure {
        CollectorFailure(
            .inputOutput, "cannot write \(path) (\(String(cString: strerror(errno)))); free some space and start again")
    }
}
