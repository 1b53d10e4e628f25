import ArgumentParser
import Collecting
import CollectorSQLite
import CollectorWeb

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a new data folder from a backup, ready for `serve`.",
        discussion: """
            Kiosks keep what was receipted and send it again by themselves once they see that it is missing. The \
            restoration is put on record. What a backup cannot know: kiosks enrolled after it have to be enrolled \
            again, and those revoked after it have to be revoked again before `serve`.
            """)

    @Option(name: .customLong("dir"), help: "The new data folder.")
    var folder: String

    @Option(name: .customLong("from"), help: "The backup.")
    var path: String

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func run() async throws {
        let target = FolderOption.absolute(folder)
        let contents = try BackupContents(of: FolderOption.absolute(path))
        // Under another name until it is verified and on record, so that nobody serves half of it.
        let staging = try DataFolder.prepareRestoration(of: target)
        try SQLiteCollectorStore.restore(FolderOption.absolute(path), into: staging)
        try DataFolder.write(contents.files, to: staging)
        let verdict = try await complete(staging, made: contents.made)
        try DataFolder.finishRestoration(of: target, from: staging)
        if json { return try printJSON(verdict) }
        print(
            """
            \(target) holds the collector of \(Staff.time(contents.made)): \(verdict.records) records of \
            \(verdict.kiosks) kiosks, verified.
            Enrol and revoke again what was enrolled and revoked since, then: otsenka-collector serve --dir \(folder)
            """)
    }

    private func complete(_ target: String, made: Int64) async throws -> Verdict {
        let (collector, store) = try Collector.open(try DataFolder(target))
        let verdict = Verdict(await collector.verify())
        if let fault = verdict.faults.first {
            throw CollectorFailure(.data, "the backup is not what was signed (\(fault.what)); restore another one")
        }
        try await collector.recordRestoration(ofBackup: made, described: Staff.time(made), now: wallClock())
        try store.close()
        return verdict
    }
}
