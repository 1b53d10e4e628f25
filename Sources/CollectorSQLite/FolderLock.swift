import Collecting
import Foundation

/// Holds a data folder for one program: a lock on a file that lasts as long as this value, however the program ends.
///
/// SQLite's own exclusive lock would shut out our readers, and without one a second program could write and checkpoint
/// beside us, which Debian 12's SQLite does not survive (`reliability.md` §1, fact 1).
struct FolderLock: ~Copyable {
    private let descriptor: Int32

    init(folder: String) throws(StoreError) {
        let path = folder + "/collector.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(
                code: "EACCES",
                message:
                    "the lock \(path) cannot be opened (\(String(cString: strerror(errno)))); check that the folder "
                    + "belongs to the user who runs the collector")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            close(descriptor)
            let who = Int(holder).map { "process \($0)" } ?? "another program"
            throw StoreError(
                code: "SQLITE_BUSY",
                message:
                    "the store in \(folder) is open in \(who) (EWOULDBLOCK on \(path)); use its commands while "
                    + "it runs, or stop it first")
        }
        let text = "\(getpid())"
        _ = ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
