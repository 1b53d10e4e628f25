import FoundationEssentials
import Glibc

/// Files that only the collector's own user may read, written once and durable before the call returns.
enum PrivateFile {
    /// Creates `path` with mode 0600. Throws `CollectorFailure` if it exists already or cannot be written.
    static func create(_ path: String, _ text: String) throws(CollectorFailure) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw CollectorFailure(.cannotCreate, "cannot create \(path) (\(reason())); check the folder and its owner")
        }
        defer { close(file) }
        var bytes = ArraySlice(Array(text.utf8))
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                throw CollectorFailure(
                    .inputOutput, "cannot write \(path) (\(reason())); free some space and start again")
            }
            bytes = bytes.dropFirst(written)
        }
        guard fsync(file) == 0 else {
            throw CollectorFailure(.inputOutput, "cannot make \(path) durable (\(reason())); check the disk")
        }
    }

    /// The text of `path`, at most 64 KiB. Throws `CollectorFailure` if it cannot be read.
    static func read(_ path: String) throws(CollectorFailure) -> String {
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            guard data.count <= 64 * 1024 else { throw CocoaError(.fileReadTooLarge) }
            return String(decoding: data, as: UTF8.self)
        } catch {
            throw CollectorFailure(
                access(path, F_OK) == 0 ? .notPermitted : .configuration,
                "cannot read \(path) (\(access(path, R_OK) == 0 ? "it is too long" : reason())); "
                    + "run as the collector's user, or restore the file from a backup")
        }
    }

    /// Makes the names in `folder` durable. Whether the system said so.
    @discardableResult
    static func syncFolder(_ folder: String) -> Bool {
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return fsync(file) == 0
    }

    /// The text of the last system call's error.
    static func reason() -> String { String(cString: strerror(errno)) }
}
