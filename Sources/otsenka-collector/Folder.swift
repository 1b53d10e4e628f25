import ArgumentParser
import Collecting
import CollectorSQLite
import CollectorWeb
import Glibc

/// The option that every command has.
struct FolderOption: ParsableArguments {
    @Option(name: .customLong("dir"), help: "The collector's data folder.")
    var path: String

    func open() throws(CollectorFailure) -> DataFolder { try DataFolder(Self.absolute(path)) }

    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }
}

extension Collector {
    /// The collector of a folder with its store; `plain` leaves out the authority, which plain HTTP has no use for.
    static func open(_ folder: DataFolder, plain: Bool = false) throws -> (
        collector: Collector, store: SQLiteCollectorStore
    ) {
        let store = try SQLiteCollectorStore(folder: folder.path, create: false)
        let identity = CollectorIdentity(folder, authority: plain ? nil : try folder.authorityCertificate())
        let collector = Collector(identity: identity, store: store) { count in
            (0..<count).map { _ in UInt8.random(in: .min ... .max) }
        }
        return (collector, store)
    }
}

/// Milliseconds since 1970.
@Sendable func wallClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
