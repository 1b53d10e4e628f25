// The folder of a witness.
//
// Constraints: a signature may leave only after the list under it is durable here, or a crash could make the witness
// sign two pasts. Format: as a collector's folder (name, key, certificate: `DataFolder`), and
//   regions/<region>.json            name and receipt key of a region, and how that key passed to newer ones
//   signed/<region>/<number>.txt     every list that was cosigned, with the cosignature
//   witness.lock                     held while a list is judged
// Operations: `create`, `init`, `add`, `follow`, `cosign`, `last`, `signed`.

import Collecting
import FoundationEssentials
import Glibc
import Ledger

public struct WitnessFolder: Sendable {
    public let data: DataFolder
    private var path: String { data.path }

    /// Makes a new witness; `now` in seconds since 1970. Throws `CollectorFailure`.
    public static func create(_ path: String, name: String, hosts: [String], now: Int64) throws -> WitnessFolder {
        let data = try DataFolder.create(path, name: name, hosts: hosts, now: now)
        for folder in ["regions", "signed"] { try makeFolder("\(path)/\(folder)") }
        return try WitnessFolder(data.path)
    }

    /// Opens the folder of a witness. Throws `CollectorFailure`.
    public init(_ path: String) throws(CollectorFailure) {
        data = try DataFolder(path)
        guard access(path + "/signed", F_OK) == 0 else {
            throw CollectorFailure(
                .configuration, "\(path) holds no witness; make one with `otsenka-collector witness init --dir \(path)`"
            )
        }
    }

    /// Looks after a region from now on. Throws `CollectorFailure` if it does already under another key.
    public func add(_ region: WitnessedRegion) throws {
        guard DataFolder.isName(region.name) else {
            throw CollectorFailure(.usage, "\(region.name) cannot be a collector's name; use a–z, 0–9, - and .")
        }
        if let known = try self.region(region.name) {
            if known.keys.contains(region.key) { return }
            throw CollectorFailure(
                .cannotCreate,
                "\(region.name) is known under the key \(known.key); a region's key is never exchanged here")
        }
        try Self.makeFolder("\(path)/signed/\(region.name)")
        try keep(region)
    }

    /// Follows a region to newer receipt keys; `successions` are notes of `KeySuccession`, as the region's `/v1/keys`
    /// publishes them. Gives the keys that are known now, oldest first. Throws `WitnessRefusal` for an unknown region,
    /// or `CollectorFailure`.
    @discardableResult
    public func follow(_ successions: [String], of name: String) throws -> [PublicKey] {
        try Locked(path + "/witness.lock").run {
            guard var region = try region(name) else { throw Self.unknown(name) }
            if region.follow(successions) > 0 { try keep(region) }
            return region.keys
        }
    }

    private func keep(_ region: WitnessedRegion) throws {
        let text = String(decoding: try JSONEncoder().encode(region), as: UTF8.self) + "\n"
        try Self.replace("\(path)/regions", "\(region.name).json", text)
    }

    /// Nothing for a region that nobody has added.
    func region(_ name: String) throws -> WitnessedRegion? {
        let file = "\(path)/regions/\(name).json"
        guard DataFolder.isName(name), access(file, F_OK) == 0 else { return nil }
        return try JSONDecoder().decode(WitnessedRegion.self, from: Data(try PrivateFile.read(file).utf8))
    }

    /// The number of the list of a region that was cosigned last.
    public func last(of region: String) throws -> Int64? {
        guard let known = try self.region(region) else { throw Self.unknown(region) }
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(path)/signed/\(known.name)")
        return names.compactMap { $0.hasSuffix(".txt") ? Int64($0.dropLast(4)) : nil }.max()
    }

    /// A list that was cosigned.
    public func signed(_ region: String, _ number: Int64) throws -> String? {
        guard let known = try self.region(region) else { throw Self.unknown(region) }
        let file = "\(path)/signed/\(known.name)/\(number).txt"
        guard access(file, F_OK) == 0 else { return nil }
        return String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
    }

    /// Cosigns a list if it follows what was cosigned last, and keeps it; gives the note. `now` in seconds since 1970.
    /// Throws `WitnessRefusal`, or `CollectorFailure`.
    public func cosign(_ text: String, now: Int64) throws -> String {
        guard var list = try? SignedHeads(parsing: text) else {
            throw WitnessRefusal(.unsigned, "this is not a list of heads that its own key signed")
        }
        let name = list.list.collector
        return try Locked(path + "/witness.lock").run {
            guard let region = try region(name) else { throw Self.unknown(name) }
            let last = try self.last(of: name).flatMap { try signed(name, $0) }
            var state = WitnessState(region: region, last: try last.map { try SignedHeads(file: $0) })
            let known = state.last
            try state.judge(list)
            if known?.list == list.list, let last { return last }
            try list.cosign(as: data.settings.name, with: data.receiptKey, time: UInt64(max(0, now)))
            try Self.replace("\(path)/signed/\(name)", "\(list.list.number).txt", list.serialized)
            return list.serialized
        }
    }

    /// Puts a file in its place, durably and as a whole.
    private static func replace(_ folder: String, _ name: String, _ text: String) throws {
        let new = "\(folder)/\(name).new"
        unlink(new)
        try PrivateFile.create(new, text)
        guard rename(new, "\(folder)/\(name)") == 0, PrivateFile.syncFolder(folder) else {
            throw CollectorFailure(
                .inputOutput, "cannot keep \(name) in \(folder) (\(PrivateFile.reason())); check the disk")
        }
    }

    private static func unknown(_ region: String) -> WitnessRefusal {
        WitnessRefusal(
            .unknownRegion,
            "this witness does not look after \(region); its operator adds it with `otsenka-collector witness add`")
    }

    private static func makeFolder(_ path: String) throws(CollectorFailure) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw CollectorFailure(.cannotCreate, "cannot make \(path) (\(PrivateFile.reason())); check its parent")
        }
    }
}

/// An advisory lock on a file.
private struct Locked: ~Copyable {
    private let descriptor: Int32

    init(_ path: String) throws(CollectorFailure) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            throw CollectorFailure(.inputOutput, "cannot lock \(path) (\(PrivateFile.reason())); check the folder")
        }
    }

    deinit { close(descriptor) }

    func run<Value>(_ body: () throws -> Value) rethrows -> Value { try body() }
}
