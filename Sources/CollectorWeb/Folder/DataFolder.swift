// The collector's data folder.
//
// Constraints: one collector has one folder and one program at a time opens it; every file in it is private (0600, the
// folder 0700); what is lost with it cannot be made again, so it is what a backup holds. Format:
//   collector.json        name, hosts and layout version
//   receipt.key           the Ed25519 seed that signs receipts, base64
//   authority.pem, authority.key, server.pem, server.key
//   successions           how it came to its present keys (Ledger.KeySuccession), and those of release keys; the key of
//                         generation n ≥ 2 is in receipt-n.key, authority-n.pem, authority-n.key and server-n.pem
//   admin.sock            the running program's admin socket
//   address               where the program was last reached, for `kiosk add`
// and the store's own files. Operations: `create`, `init` (opens).

import FoundationEssentials
import Glibc
import Ledger

/// A collector's folder with its name and keys.
public struct DataFolder: Sendable {
    public let path: String
    public let settings: Settings
    /// The present one.
    public let receiptKey: SigningKey
    /// In the order in which they were made; none before the first change of a key.
    public let successions: [KeySuccession]

    /// `collector.json`.
    public struct Settings: Codable, Equatable, Sendable {
        public var layout: Int
        /// The name under which receipts are signed.
        public var name: String
        /// The names and addresses in the server's certificate; the first one is told to kiosks.
        public var hosts: [String]
    }

    static let layout = 1
    static let settingsFile = "collector.json"

    /// Makes a new collector. Throws `CollectorFailure` if there is one already; `now` in seconds since 1970.
    public static func create(
        _ path: String, name: String, hosts: [String], now: Int64
    ) throws -> DataFolder {
        guard isName(name) else {
            throw CollectorFailure(
                .usage, "\(name) cannot be a collector's name; use 1 to 64 of a–z, 0–9, - and ., such as perm.example")
        }
        if access(path + "/collector.json", F_OK) == 0 {
            throw CollectorFailure(
                .cannotCreate, "\(path) already holds a collector; use it with serve, or choose another --dir")
        }
        try createFolder(path)
        let authority = try Authority(collector: name, hosts: hosts, now: now)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let settings = Settings(layout: layout, name: name, hosts: hosts)
        try PrivateFile.create(path + "/receipt.key", SigningKey().seed.base64EncodedString() + "\n")
        try PrivateFile.create(path + "/authority.key", authority.key)
        try PrivateFile.create(path + "/authority.pem", authority.certificate)
        try PrivateFile.create(path + "/server.key", authority.serverKey)
        try PrivateFile.create(path + "/server.pem", authority.serverCertificate)
        // Last, for it is what makes the folder a collector's.
        try PrivateFile.create(
            path + "/collector.json", String(decoding: try encoder.encode(settings), as: UTF8.self) + "\n")
        PrivateFile.syncFolder(path)
        return try DataFolder(path)
    }

    /// Opens the folder of a collector. Throws `CollectorFailure`.
    public init(_ path: String) throws(CollectorFailure) {
        self.path = path
        guard access(path + "/collector.json", F_OK) == 0 else {
            throw CollectorFailure(
                errno == EACCES ? .notPermitted : .configuration,
                "\(path) holds no collector (\(PrivateFile.reason()): collector.json); "
                    + "make one with `otsenka-collector init --dir \(path)`")
        }
        let text = try PrivateFile.read(path + "/collector.json")
        guard let settings = try? JSONDecoder().decode(Settings.self, from: Data(text.utf8)) else {
            throw CollectorFailure(
                .configuration, "\(path)/collector.json cannot be read as JSON; restore it from a backup")
        }
        guard settings.layout == Self.layout, Self.isName(settings.name), !settings.hosts.isEmpty else {
            throw CollectorFailure(
                .configuration,
                "\(path)/collector.json has layout \(settings.layout), this program knows \(Self.layout); "
                    + "use the program that made it, or restore the file from a backup")
        }
        self.settings = settings
        successions = try Self.readSuccessions(path)
        receiptKey = try Self.readReceiptKey(path, after: successions.last { $0.role == .receipt })
    }

    /// The authority's certificate as PEM.
    public func authorityCertificate() throws(CollectorFailure) -> String {
        try PrivateFile.read(file("authority", ".pem", of: .pin))
    }

    /// The server's certificate and what leads from it to every authority that the collector ever had, as PEM.
    func serverCertificates() throws(CollectorFailure) -> String {
        try PrivateFile.read(file("server", ".pem", of: .pin))
    }

    /// The pin of the server's key.
    public func pin() throws(CollectorFailure) -> String {
        let key = try PrivateFile.read(path + "/server.key")
        do {
            return try Authority.pin(ofServerKey: key)
        } catch {
            throw CollectorFailure(
                .configuration, "\(path)/server.key does not hold a P-256 key; restore it from a backup")
        }
    }

    /// Where the program was last reached; nothing before its first start.
    public func lastAddress() -> String? {
        (try? PrivateFile.read(path + "/address"))?.split(separator: "\n").first.map(String.init)
    }

    /// Remembers where the program is reached.
    func remember(address: String) throws(CollectorFailure) {
        let new = path + "/address.new"
        unlink(new)
        try PrivateFile.create(new, address + "\n")
        guard rename(new, path + "/address") == 0 else {
            throw CollectorFailure(
                .inputOutput, "cannot write \(path)/address (\(PrivateFile.reason())); check the folder")
        }
    }

    /// The alphabet of a kiosk's id: it stands in notes, certificates and file names too.
    static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        func plain(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
        guard (1...64).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return plain(first) && plain(last) && bytes.allSatisfy { plain($0) || $0 == 45 || $0 == 46 }
    }

    static func createFolder(_ path: String) throws(CollectorFailure) {
        if mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else {
            throw CollectorFailure(
                .cannotCreate,
                "cannot create the folder \(path) (\(PrivateFile.reason())); create what is above it first")
        }
        guard chmod(path, 0o700) == 0 else {
            throw CollectorFailure(
                .notPermitted,
                "the folder \(path) is not ours to close to others (\(PrivateFile.reason())); choose another")
        }
    }
}
