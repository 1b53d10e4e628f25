import Collecting
import FoundationEssentials
import Glibc

extension DataFolder {
    /// The files that cannot be made again, for a backup. The store is not among them: it is copied by itself.
    func filesToKeep() throws(CollectorFailure) -> [BackupFile] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).filter(Self.isKept).sorted()
        } catch {
            throw CollectorFailure(.inputOutput, "cannot list \(path) (\(PrivateFile.reason())); check the folder")
        }
        var files: [BackupFile] = []
        for name in names {
            files.append(BackupFile(name: name, content: Data(try PrivateFile.read("\(path)/\(name)").utf8)))
        }
        return files
    }

    /// Settings, keys, certificates and successions; no socket, lock, address or store.
    static func isKept(_ name: String) -> Bool {
        if name == settingsFile || name == successionsFile { return true }
        return ["receipt", "authority", "server"].contains { name.hasPrefix($0) }
            && [".key", ".pem"].contains { name.hasSuffix($0) }
    }

    /// Makes the folder in which a collector is put together that will be restored as `path`, and gives its name. What an
    /// earlier try left there is removed. Throws `CollectorFailure` if `path` holds anything of a collector.
    public static func prepareRestoration(of path: String) throws(CollectorFailure) -> String {
        for name in [settingsFile, "collector.db", "receipt.key"] where access("\(path)/\(name)", F_OK) == 0 {
            throw CollectorFailure(
                .cannotCreate,
                "\(path) already holds a collector (\(name)); keep it as evidence and restore into a new folder")
        }
        let staging = path + ".restoring"
        try? FileManager.default.removeItem(atPath: staging)
        try createFolder(staging)
        return staging
    }

    /// Gives the folder its name, durably. Throws `CollectorFailure`.
    public static func finishRestoration(of path: String, from staging: String) throws(CollectorFailure) {
        PrivateFile.syncFolder(staging)
        // rename(2) takes the place of an empty folder, and of nothing else.
        guard rename(staging, path) == 0 else {
            throw CollectorFailure(
                .cannotCreate, "cannot make \(path) of \(staging) (\(PrivateFile.reason())); choose a new --dir")
        }
        PrivateFile.syncFolder(URL(filePath: path).deletingLastPathComponent().path)
    }

    /// Writes the files of a backup. Throws `CollectorFailure` for one that no collector has.
    public static func write(_ files: [BackupFile], to path: String) throws(CollectorFailure) {
        for file in files {
            guard isKept(file.name) else {
                throw CollectorFailure(.data, "the backup names a file \(file.name) that no collector has; use another")
            }
            try PrivateFile.create("\(path)/\(file.name)", String(decoding: file.content, as: UTF8.self))
        }
        PrivateFile.syncFolder(path)
    }
}
