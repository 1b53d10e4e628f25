import Glibc

/// The exclusive right to work on a data folder, held as long as the value lives; the kernel takes it back if we die.
public struct FolderLock: ~Copyable, Sendable {
    private let file: Int32

    /// Nothing if another program holds it. Throws `CollectorFailure` if the lock file cannot be opened.
    public init?(_ folder: DataFolder) throws(CollectorFailure) {
        let path = folder.path + "/lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw CollectorFailure(
                .notPermitted, "cannot open \(path) (\(PrivateFile.reason())); run as the collector's user")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            return nil
        }
        self.file = file
    }

    deinit { close(file) }
}
