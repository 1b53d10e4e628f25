import FoundationEssentials
import Glibc
import Ledger

/// The journal's signing key in a file of its own: 32 bytes, mode 0600, made on this machine.
enum JournalKeyFile {
    /// Reads the key, or makes one when there is none and `mayCreate`.
    /// Throws `JournalError.key` for a file that others may read, of another length, or missing where it must be.
    static func load(_ files: JournalFiles, mayCreate: Bool) throws(JournalError) -> SigningKey {
        var facts = stat()
        guard lstat(files.key, &facts) == 0 else {
            guard errno == ENOENT else { throw files.failure("read", files.key) }
            guard mayCreate else {
                throw .key(
                    path: files.key,
                    reason: "missing, though the kiosk is enrolled; put the file back, or move the whole folder away "
                        + "and enrol again")
            }
            return try create(files)
        }
        return try load(files.key, files)
    }

    /// Reads the key in one file. Throws `JournalError.key`.
    static func load(_ path: String, _ files: JournalFiles) throws(JournalError) -> SigningKey {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { throw files.failure("read", path) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .key(path: path, reason: "not a regular file") }
        guard facts.st_mode & 0o077 == 0 else {
            throw .key(path: path, reason: "others may read it; run chmod 600 on it, and consider enrolling again")
        }
        guard facts.st_uid == geteuid() else {
            throw .key(path: path, reason: "it belongs to another user; run chown to the kiosk's user on it")
        }
        guard facts.st_size == 32, let seed = try files.read(path, maximum: 32),
            let key = try? SigningKey(seed: seed)
        else { throw .key(path: path, reason: "it does not hold 32 bytes; put the right file back") }
        return key
    }

    private static func create(_ files: JournalFiles) throws(JournalError) -> SigningKey {
        let key = SigningKey()
        try files.replace(files.key, with: key.seed)
        return key
    }
}
