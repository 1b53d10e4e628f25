import FoundationEssentials
import Glibc

/// A folder on a stick: files are written whole or not at all, and read up to a limit.
public struct BatchFolder: Sendable {
    public let path: String

    /// The most names that are looked at.
    public static let maximumFiles = 100_000

    /// A folder that is there, or with `create` is made (not its parents).
    public init(_ path: String, create: Bool = false) throws(BatchFolderError) {
        self.path = path
        if create, mkdir(path, 0o755) != 0, errno != EEXIST { throw .failed("make the folder", path) }
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw .failed("open the folder", path) }
        guard facts.st_mode & S_IFMT == S_IFDIR else { throw .failed("open the folder", path, code: ENOTDIR) }
    }

    /// The names that end with `suffix`, sorted; names that begin with a dot are somebody else's.
    public func names(endingWith suffix: String) throws(BatchFolderError) -> [String] {
        let all: [String]
        do { all = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
            throw .failed("list the folder", path)
        }
        let names = all.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted()
        guard names.count <= Self.maximumFiles else { throw .tooMany(path: path, count: names.count) }
        return names
    }

    /// A whole file of at most `maximum` bytes. What is no regular file is refused: a pipe would be waited for for ever.
    public func read(_ name: String, maximum: Int) throws(BatchFolderError) -> Data {
        try Self.read(file: path + "/" + name, maximum: maximum)
    }

    /// The same for a file that stands anywhere.
    public static func read(file: String, maximum: Int) throws(BatchFolderError) -> Data {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .failed("open", file) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw .failed("look at", file) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .failed("read", file, code: EISDIR) }
        guard facts.st_size <= maximum else { throw .tooLong(path: file, limit: maximum) }
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .failed("read", file) }
            if count == 0 { return data }
            data.append(contentsOf: buffer[..<count])
            guard data.count <= maximum else { throw .tooLong(path: file, limit: maximum) }
        }
    }

    /// Writes a file: under another name first, fsync, rename, fsync of the folder. A stick that is pulled out leaves the
    /// old file, the new one, or a `.new` that nobody reads.
    public func write(_ data: Data, to name: String) throws(BatchFolderError) {
        let final = path + "/" + name
        let new = path + "/." + name + ".new"
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .failed("create", new) }
        do throws(BatchFolderError) {
            try Self.write(data, to: descriptor, new)
            guard fsync(descriptor) == 0 else { throw .failed("make durable", new) }
        } catch {
            close(descriptor)
            unlink(new)
            throw error
        }
        guard close(descriptor) == 0 else { throw .failed("close", new) }
        guard rename(new, final) == 0 else { throw .failed("rename", new) }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .failed("open the folder", path) }
        defer { close(folder) }
        if fsync(folder) == 0 { return }
        // Some file systems have no fsync of a folder.
        guard errno == EINVAL else { throw .failed("make durable the folder", path) }
        sync()
    }

    private static func write(_ data: Data, to descriptor: Int32, _ path: String) throws(BatchFolderError) {
        var bytes = ArraySlice(Array(data))
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .failed("write", path) }
            bytes = bytes.dropFirst(count)
        }
    }
}

/// Why a folder or a file on it could not be used: what, why, and the next step.
public struct BatchFolderError: Error, Equatable, CustomStringConvertible {
    public let description: String
    /// The exit status (Contract).
    public let exitStatus: Int32

    static func failed(_ operation: String, _ path: String, code: Int32 = errno) -> BatchFolderError {
        let reason = String(cString: strerror(code))
        let (next, status): (String, Int32) =
            switch code {
            case EACCES, EPERM: ("run as a user who may", 77)
            case EROFS: ("take off its write protection", 73)
            case ENOSPC, EDQUOT: ("use an empty stick", 74)
            case ENOENT, ENOTDIR, EISDIR: ("name the folder that is meant", operation == "create" ? 73 : 74)
            default: ("use another stick", 74)
            }
        return BatchFolderError(description: "cannot \(operation) \(path) (\(reason)); \(next)", exitStatus: status)
    }

    static func tooLong(path: String, limit: Int) -> BatchFolderError {
        BatchFolderError(description: "\(path) is longer than \(limit) bytes; it is none of ours", exitStatus: 65)
    }

    static func tooMany(path: String, count: Int) -> BatchFolderError {
        BatchFolderError(
            description: "\(path) has \(count) files, more than \(BatchFolder.maximumFiles); sort them into folders",
            exitStatus: 65)
    }
}
