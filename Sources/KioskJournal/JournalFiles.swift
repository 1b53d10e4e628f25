// The files of a journal and the system calls on them. All of them stand in one directory of mode 0700:
//   journal.db, journal.db-wal   the store (JournalSchema.swift)
//   journal.key                  32 secret bytes, mode 0600
//   journal.key-2 …              the keys that took over from it, one after the other
//   journal.successions          how they did, for the case that the store is lost (Ledger.KeySuccession)
//   enrolment.note               who the kiosk is, kept outside the store so that it survives the store's damage
//   journal.lock                 held with flock(2) by the one program that has the journal open; its process id inside
//   journal.ballast              takes up room that a full disk needs to be emptied
//   journal.suspect              there after a failure, with its cause: the next opening reads more than the newest records
//   journal.newest               which record was the newest one (TailWitness.swift)
//   journal.damaged-<time>[-wal] a store that was set aside

import FoundationEssentials
import Glibc

/// Paths and checked system calls for one journal directory. Errors are `JournalError.io` with the name of errno.
struct JournalFiles {
    let directory: String

    var store: String { directory + "/journal.db" }
    var writeAheadLog: String { store + "-wal" }
    var key: String { directory + "/journal.key" }
    /// The key that took over as the `number`th, from 2 on.
    func key(_ number: Int) -> String { "\(key)-\(number)" }
    var successions: String { directory + "/journal.successions" }
    var enrolment: String { directory + "/enrolment.note" }
    var lock: String { directory + "/journal.lock" }
    var ballast: String { directory + "/journal.ballast" }
    var suspect: String { directory + "/journal.suspect" }
    var newest: String { directory + "/journal.newest" }

    func failure(_ operation: String, _ path: String, errno code: Int32 = errno) -> JournalError {
        code == ENOSPC || code == EDQUOT
            ? .full(path: path) : .io(path: path, operation: operation, code: Self.name(of: code))
    }

    private static func name(of code: Int32) -> String {
        let names: [Int32: String] = [
            EIO: "EIO", EACCES: "EACCES", EPERM: "EPERM", ENOENT: "ENOENT", EROFS: "EROFS", ENOTDIR: "ENOTDIR",
            EEXIST: "EEXIST", EMFILE: "EMFILE", ENFILE: "ENFILE", EISDIR: "EISDIR",
        ]
        return names[code] ?? "errno \(code)"
    }

    /// Makes the directory if there is none (not its parents).
    func makeDirectory() throws(JournalError) {
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw failure("make the directory", directory) }
    }

    /// Makes what was created, renamed or removed in the directory durable.
    func synchroniseDirectory() throws(JournalError) {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open the directory", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync the directory", directory) }
    }

    /// Bytes of a file; nothing when there is none.
    func size(of path: String) -> Int64? {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int64(facts.st_size) : nil
    }

    /// Bytes that this user may still write on the file system.
    func availableBytes() throws(JournalError) -> Int64 {
        var facts = statvfs()
        guard statvfs(directory, &facts) == 0 else { throw failure("ask for the free space of", directory) }
        return Int64(clamping: UInt64(facts.f_bavail) &* UInt64(facts.f_frsize))
    }

    /// A whole file of at most `maximum` bytes; nothing when there is none.
    func read(_ path: String, maximum: Int) throws(JournalError) -> Data? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open", path)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: maximum + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
                return Glibc.read(descriptor, rest.baseAddress, rest.count)
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw failure("read", path) }
            if got == 0 { break }
            count += got
        }
        guard count <= maximum else { throw .damaged(path: path, reason: "it is longer than \(maximum) bytes") }
        return Data(bytes.prefix(count))
    }

    /// Which version of the format the header of the store asks of those who write to it: 1, and 2 with a write-ahead log
    /// (https://www.sqlite.org/fileformat.html, §1.3.3). Nothing for a file that is shorter.
    func writeVersion() throws(JournalError) -> UInt8? {
        let descriptor = Glibc.open(store, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", store) }
        defer { close(descriptor) }
        var version: UInt8 = 0
        let got = pread(descriptor, &version, 1, 18)
        guard got >= 0 else { throw failure("read", store) }
        return got == 1 ? version : nil
    }

    /// Writes a file of mode 0600 whole or not at all, and durably: a new file, fsync, rename, and fsync of the directory.
    func replace(_ path: String, with data: Data) throws(JournalError) {
        let new = path + ".new"
        unlink(new)
        let descriptor = Glibc.open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create", new) }
        do throws(JournalError) {
            try write(data, to: descriptor, path: new)
            guard fsync(descriptor) == 0 else { throw failure("fsync", new) }
        } catch {
            close(descriptor)
            unlink(new)
            throw error
        }
        guard close(descriptor) == 0 else { throw failure("close", new) }
        guard Glibc.rename(new, path) == 0 else { throw failure("rename", new) }
        try synchroniseDirectory()
    }

    private func write(_ data: Data, to descriptor: Int32, path: String) throws(JournalError) {
        var rest = data[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw failure("write", path) }
            rest = rest.dropFirst(written)
        }
    }

    /// Creates an empty file of mode 0600 unless it is there. SQLite gives the write-ahead log the same mode.
    func createPrivately(_ path: String) throws(JournalError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create", path) }
        close(descriptor)
    }

    func remove(_ path: String) throws(JournalError) {
        if unlink(path) != 0, errno != ENOENT { throw failure("remove", path) }
    }

    func rename(_ old: String, to new: String) throws(JournalError) {
        guard Glibc.rename(old, new) == 0 else { throw failure("rename", old) }
    }
}

/// The lock of a journal directory, held until `release` or the end of this object.
///
/// SQLite's exclusive locking alone would let several programs that start at once refuse one another, and it does not
/// cover the key and the renaming of a damaged store.
final class JournalLock {
    private var descriptor: Int32?

    /// Throws `JournalError.alreadyOpen` with the process id of the holder.
    init(_ files: JournalFiles) throws(JournalError) {
        let descriptor = Glibc.open(files.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw files.failure("open the lock", files.lock) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = (try? files.read(files.lock, maximum: 16)).flatMap { $0 }
            close(descriptor)
            guard code == EWOULDBLOCK else { throw files.failure("lock", files.lock, errno: code) }
            throw .alreadyOpen(path: files.store, holder: holder.flatMap { Int32(String(decoding: $0, as: UTF8.self)) })
        }
        // For the other program's message only, so a failure here is of no consequence.
        let own = Array("\(getpid())".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = own.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) } }
        self.descriptor = descriptor
    }

    /// Lets another program open the journal. Called once the store is closed.
    func release() {
        if let descriptor { close(descriptor) }
        descriptor = nil
    }

    deinit { release() }
}
