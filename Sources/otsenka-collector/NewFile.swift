import CollectorWeb
import Glibc

/// A file that is not there yet and that its owner alone may read. It is made before what goes into it is asked for, so that
/// nothing which is told once is lost for want of a place.
struct NewFile: ~Copyable {
    private let path: String
    private let descriptor: Int32

    /// Throws `CollectorFailure` 73 where it cannot be made, or is there already.
    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
    }

    /// Fills it with `text` made by `body`; takes it away again where that throws.
    consuming func fill<Made>(_ text: (Made) -> String, with body: () async throws -> Made) async throws -> Made {
        do {
            let made = try await body()
            var rest = Array(text(made).utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { throw Self.failure(path, errno) }
                rest = rest.dropFirst(count)
            }
            return made
        } catch {
            unlink(path)
            throw error
        }
    }

    deinit { close(descriptor) }

    private static func failure(_ path: String, _ code: Int32) -> CollectorFailure {
        CollectorFailure(
            .cannotCreate,
            "cannot write \(path) (\(String(cString: strerror(code)))); choose a new file in a folder that exists")
    }
}
