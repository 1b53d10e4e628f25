import Glibc

/// A file that takes up room, so that there is room to give back on a full disk (`reliability.md` §1, fact 5).
struct Ballast {
    let files: JournalFiles
    let limits: JournalLimits

    /// Bytes that it takes up now.
    var bytes: Int64 { files.size(of: files.ballast) ?? 0 }

    /// Gives the room back.
    func release() throws(JournalError) {
        guard truncate(files.ballast, 0) == 0 || errno == ENOENT else {
            throw files.failure("truncate", files.ballast)
        }
    }

    /// Takes up as much room as the limits say, but leaves the bytes that storing
    /// needs. A disk without that room is no error here.
    func restore(leaving needed: Int64) throws(JournalError) {
        let present = bytes
        let wanted = min(limits.ballastBytes, present + (try files.availableBytes()) - needed)
        guard wanted > present else { return }
        let descriptor = open(files.ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == ENOSPC || errno == EDQUOT { return }
            throw files.failure("open", files.ballast)
        }
        defer { close(descriptor) }
        let code = posix_fallocate(descriptor, 0, off_t(wanted))
        guard code == 0 || code == ENOSPC || code == EDQUOT else {
            throw files.failure("allocate", files.ballast, errno: code)
        }
    }
}
