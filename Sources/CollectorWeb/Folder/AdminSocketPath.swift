import Glibc

/// The name by which the admin socket of a folder is bound and called.
///
/// `sun_path` holds 107 bytes (unix(7)) and a folder may lie deeper than that; through a descriptor of the folder the name
/// is always short. The value must live as long as the name is used.
public final class AdminSocketPath: Sendable {
    public let name: String
    private let folder: Int32

    public init(_ data: DataFolder) throws(CollectorFailure) {
        folder = open(data.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            throw CollectorFailure(
                .notPermitted, "cannot open \(data.path) (\(PrivateFile.reason())); run as the collector's user")
        }
        let plain = data.path + "/admin.sock"
        name = plain.utf8.count <= 107 ? plain : "/proc/self/fd/\(folder)/admin.sock"
    }

    deinit { close(folder) }
}
