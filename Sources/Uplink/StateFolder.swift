// The uplink's own folder (`/var/lib/otsenka-uplink`), mode 0700.
//
// Constraints: `enrol` may run as root while the uplink does not; a power cut leaves the old file or the new one, whole.
// Files, each of mode 0600 and written by replacement: `transport.key` (base64 of the 32 secret bytes, then
// the note of its succession where there is one),
// `collector.json` (whom to believe), `time.floor` (seconds since 1970), `enrolment.json` (an enrolment under way).

import FoundationEssentials
import Glibc
import Ledger

/// The files that the uplink keeps.
public struct StateFolder: Sendable {
    public let path: String
    /// The longest file that is read, bytes.
    static let maximumBytes = 256 * 1024

    public init(path: String) { self.path = path }

    static let keyFile = "transport.key"
    static let collectorFile = "collector.json"
    static let floorFile = "time.floor"
    static let enrolmentFile = "enrolment.json"

    /// The transport key; nothing before enrolment.
    func transportKey() throws(UplinkError) -> SigningKey? {
        guard let data = try read(Self.keyFile) else { return nil }
        let text = String(decoding: data, as: UTF8.self).prefix { !$0.isNewline }
        guard let seed = Data(base64Encoded: String(text)), let key = try? SigningKey(seed: seed) else {
            throw UplinkError(
                UplinkError.badData, "the transport key \(file(Self.keyFile)) is damaged; enrol the kiosk again")
        }
        return key
    }

    /// The succession that made the transport key, where it was changed since the enrolment. In the key's own file, so
    /// that the two can never part.
    func transportSuccession() throws(UplinkError) -> KeySuccession? {
        guard let data = try read(Self.keyFile) else { return nil }
        let note = String(decoding: data, as: UTF8.self).drop { !$0.isNewline }.dropFirst()
        return try? KeySuccession(parsing: String(note))
    }

    func write(_ key: SigningKey, succession: KeySuccession? = nil) throws(UplinkError) {
        let text = key.seed.base64EncodedString() + "\n" + (succession?.serialized ?? "")
        try write(Data(text.utf8), to: Self.keyFile)
    }

    /// Changes whenever the key's file is written anew.
    func transportKeyMark() -> [Int] {
        var facts = stat()
        guard stat(file(Self.keyFile), &facts) == 0 else { return [] }
        return [Int(facts.st_ino), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec]
    }

    /// Whom to believe; nothing before enrolment.
    func collector() throws(UplinkError) -> CollectorRecord? {
        guard let data = try read(Self.collectorFile) else { return nil }
        guard let record = try? JSONDecoder().decode(CollectorRecord.self, from: data) else {
            throw UplinkError(
                UplinkError.badData, "\(file(Self.collectorFile)) cannot be read as JSON; enrol the kiosk again")
        }
        return record
    }

    func write(_ record: CollectorRecord) throws(UplinkError) { try write(json: record, to: Self.collectorFile) }

    /// The newest time that the collector has vouched for, seconds since 1970. A damaged file is none.
    func timeFloor() throws(UplinkError) -> Int64? {
        try read(Self.floorFile).flatMap { Int64(String(decoding: $0, as: UTF8.self).filter { !$0.isNewline }) }
    }

    func write(timeFloor seconds: Int64) throws(UplinkError) {
        try write(Data("\(seconds)\n".utf8), to: Self.floorFile)
    }

    func pendingEnrolment() throws(UplinkError) -> PendingEnrolment? {
        try read(Self.enrolmentFile).flatMap { try? JSONDecoder().decode(PendingEnrolment.self, from: $0) }
    }

    func write(_ pending: PendingEnrolment) throws(UplinkError) { try write(json: pending, to: Self.enrolmentFile) }

    func removePendingEnrolment() { unlink(file(Self.enrolmentFile)) }

    func file(_ name: String) -> String { path + "/" + name }

    /// Makes the folder if it is missing.
    func create() throws(UplinkError) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw UplinkError(
            UplinkError.cannotCreate,
            "the folder \(path) cannot be made (\(String(cString: strerror(errno)))); run as root, or give --state-dir")
    }
}

extension StateFolder {
    private func read(_ name: String) throws(UplinkError) -> Data? {
        let descriptor = open(file(name), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(UplinkError.inputOutput, "read", name)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.maximumBytes)
        var count = 0
        while count < bytes.count {
            let capacity = bytes.count - count
            let result = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), capacity)
            }
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { throw failure(UplinkError.inputOutput, "read", name) }
            if result == 0 { break }
            count += result
        }
        return Data(bytes[..<count])
    }

    private func write(json value: some Encodable, to name: String) throws(UplinkError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            preconditionFailure("the uplink's own files can be written as JSON")
        }
        try write(data, to: name)
    }

    /// Replaces the file: written beside it, made durable, renamed, and the folder made durable.
    private func write(_ data: Data, to name: String) throws(UplinkError) {
        let temporary = file(name + ".new")
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(UplinkError.cannotCreate, "made", name) }
        defer { close(descriptor) }
        var owner = stat()
        // As root the file goes to whom the folder belongs to; anybody else may only make files of his own.
        if geteuid() == 0, stat(path, &owner) == 0, fchown(descriptor, owner.st_uid, owner.st_gid) != 0 {
            throw failure(UplinkError.cannotCreate, "given to its owner", name)
        }
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(UplinkError.inputOutput, "written", name) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0, rename(temporary, file(name)) == 0 else {
            throw failure(UplinkError.inputOutput, "written", name)
        }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure(UplinkError.inputOutput, "written", name) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure(UplinkError.inputOutput, "written", name) }
    }

    private func failure(_ status: Int32, _ verb: String, _ name: String) -> UplinkError {
        let cause = String(cString: strerror(errno))
        return UplinkError(
            status, "\(file(name)) cannot be \(verb) (\(cause)); check the folder's owner and its free space")
    }
}

/// Whom the uplink believes, as `enrol` found it.
struct CollectorRecord: Codable, Equatable, Sendable {
    /// `https://host:port`.
    var collector: String
    /// The authority in PEM that the collector handed over under the code's proof.
    var authority: String?
    /// The pin that the technician was given.
    var pin: String?
    /// What names the one-time code to the collector; enrolments of earlier releases did not keep it.
    var code: String?
}
