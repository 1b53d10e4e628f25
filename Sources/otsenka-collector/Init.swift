import ArgumentParser
import CollectorSQLite
import CollectorWeb
import FoundationEssentials
import Glibc

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a new collector: its keys, its certificate and an empty store.")

    @OptionGroup var folder: FolderOption

    @Option(
        help: "The name under which it signs receipts, such as perm.example; a–z, 0–9, - and . (default: this host's).")
    var name: String?

    @Option(help: "A name or address under which kiosks reach it; the first one is told to them. May be repeated.")
    var hostName: [String] = []

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func run() throws {
        let machine = Self.machineName()
        var hosts = hostName.isEmpty ? [machine] : hostName
        for host in ["localhost", "127.0.0.1", "::1"] where !hosts.contains(host) { hosts.append(host) }
        let made = try DataFolder.create(
            FolderOption.absolute(folder.path), name: name ?? machine, hosts: hosts, now: wallClock() / 1000)
        try SQLiteCollectorStore(folder: made.path, create: true).close()
        let facts = Facts(
            folder: made.path, name: made.settings.name, receiptKey: made.receiptKey.publicKey.base64,
            pin: try made.pin(),
            hosts: hosts)
        if json { return try printJSON(facts) }
        print(
            """
            The collector \(facts.name) was made in \(facts.folder).
            Receipt key   \(facts.receiptKey)
            Pin           \(facts.pin)
            Reached as    \(hosts.joined(separator: ", "))

            Keep a copy of this folder: without its keys no kiosk believes the collector any more.
            Start it with:  otsenka-collector serve --dir \(folder.path)
            """)
    }

    private struct Facts: Encodable {
        let folder: String
        let name: String
        let receiptKey: String
        let pin: String
        let hosts: [String]

        enum CodingKeys: String, CodingKey {
            case folder, name, pin, hosts
            case receiptKey = "receipt_key"
        }
    }

    /// The host's name in the alphabet of a collector's.
    private static func machineName() -> String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
        let name = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).lowercased()
        let plain = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
        return plain.isEmpty ? "localhost" : String(plain.prefix(64))
    }
}

/// Prints facts as JSON with sorted keys, indented.
func printJSON(_ facts: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(facts), as: UTF8.self))
}
