// Changing the keys of a collector's folder.
//
// Constraints: a power cut at any moment leaves a folder that opens, with the old key or with the new one, and never a
// published succession without its key. Order: the files of the new key first, under names that nobody reads yet; then
// `successions` is replaced, which is the change; then the private half of the old key is removed.

import FoundationEssentials
import Glibc
import Ledger

extension DataFolder {
    static let successionsFile = "successions"

    static func readSuccessions(_ path: String) throws(CollectorFailure) -> [KeySuccession] {
        guard access("\(path)/\(successionsFile)", F_OK) == 0 else { return [] }
        let text = try PrivateFile.read("\(path)/\(successionsFile)")
        do throws(SuccessionError) {
            return try KeySuccession.split(text)
        } catch {
            throw CollectorFailure(
                .configuration, "\(path)/\(successionsFile) cannot be read (\(error)); restore it from a backup")
        }
    }

    static func readReceiptKey(
        _ path: String, after succession: KeySuccession?
    ) throws(CollectorFailure) -> SigningKey {
        let file = path + "/" + name("receipt", ".key", generation: succession?.generation)
        let seed = try PrivateFile.read(file).filter { !$0.isWhitespace }
        guard let data = Data(base64Encoded: seed), let key = try? SigningKey(seed: data),
            succession.map({ $0.newKey == key.publicKey }) ?? true
        else {
            throw CollectorFailure(
                .configuration, "\(file) does not hold the key that it must; restore it from a backup")
        }
        return key
    }

    private static func name(_ stem: String, _ ending: String, generation: Int?) -> String {
        generation.map { "\(stem)-\($0)\(ending)" } ?? stem + ending
    }

    private func newest(_ role: KeyRole) -> KeySuccession? { successions.last { $0.role == role } }

    /// The path of a file of the present generation of a role.
    func file(_ stem: String, _ ending: String, of role: KeyRole) -> String {
        path + "/" + Self.name(stem, ending, generation: newest(role)?.generation)
    }

    /// Gives the receipt key to a new one. `now` in seconds since 1970. Throws `CollectorFailure`.
    func changingReceiptKey(now: Int64) throws -> DataFolder {
        let generation = (newest(.receipt)?.generation ?? 1) + 1
        let key = SigningKey()
        let succession = try KeySuccession(
            .receipt, of: settings.name, generation: generation, from: receiptKey.publicKey, to: key, time: now,
            signedBy: [receiptKey])
        let file = path + "/" + Self.name("receipt", ".key", generation: generation)
        // Of a change that was cut off before its succession was there.
        unlink(file)
        try PrivateFile.create(file, key.seed.base64EncodedString() + "\n")
        let old = self.file("receipt", ".key", of: .receipt)
        // A kiosk believes the newest receipt key alone, so that one has to say again what the authority is.
        let pins = try successions.map { kept in
            kept.role == .pin
                ? try KeySuccession(
                    pinOf: settings.name, generation: kept.generation, from: kept.old, to: kept.new, time: kept.time,
                    signedBy: key) : kept
        }
        let changed = try adding(succession, to: pins)
        unlink(old)
        return changed
    }

    /// Gives the TLS authority to a new one, which the old one signs too: whoever believes only the old one still
    /// connects, and then learns of the new one. `now` in seconds since 1970. Throws `CollectorFailure`.
    func changingAuthority(now: Int64) throws -> DataFolder {
        let generation = (newest(.pin)?.generation ?? 1) + 1
        let old = try authorityCertificate()
        let oldKey = file("authority", ".key", of: .pin)
        let made = try Authority.Next(
            after: old, key: try PrivateFile.read(oldKey), chain: try serverCertificates(),
            collector: "\(settings.name) \(generation)", hosts: settings.hosts,
            serverKey: try PrivateFile.read(path + "/server.key"), now: now)
        let succession = try KeySuccession(
            pinOf: settings.name, generation: generation, from: KeySuccession.authorityDigest(old),
            to: KeySuccession.authorityDigest(made.certificate), time: now, signedBy: receiptKey)
        for (stem, ending, text) in [
            ("authority", ".pem", made.certificate), ("authority", ".key", made.key), ("server", ".pem", made.chain),
        ] {
            let file = path + "/" + Self.name(stem, ending, generation: generation)
            unlink(file)
            try PrivateFile.create(file, text)
        }
        let changed = try adding(succession, to: successions)
        unlink(oldKey)
        return changed
    }

    /// Publishes the succession of a release key, which is made where releases are made. Throws `CollectorFailure` unless
    /// it is one and both its keys signed it.
    func publishing(_ note: String) throws -> DataFolder {
        guard let succession = try? KeySuccession(parsing: note), succession.role == .release,
            let old = succession.oldKey, (try? succession.verify(by: old)) != nil
        else { throw CollectorFailure(.data, "this is not the succession of a release key, signed by both keys") }
        if successions.contains(succession) { return self }
        return try adding(succession, to: successions)
    }

    /// The change itself.
    private func adding(_ succession: KeySuccession, to successions: [KeySuccession]) throws -> DataFolder {
        guard successions.count < KeySuccession.maximumCount else {
            throw CollectorFailure(
                .data,
                "\(path) has changed keys \(KeySuccession.maximumCount) times, as often as kiosks follow")
        }
        PrivateFile.syncFolder(path)
        let new = "\(path)/\(Self.successionsFile).new"
        unlink(new)
        try PrivateFile.create(new, KeySuccession.join(successions + [succession]))
        guard rename(new, "\(path)/\(Self.successionsFile)") == 0 else {
            throw CollectorFailure(
                .inputOutput, "cannot write \(path)/\(Self.successionsFile) (\(PrivateFile.reason())); check the disk")
        }
        PrivateFile.syncFolder(path)
        return try DataFolder(path)
    }
}
