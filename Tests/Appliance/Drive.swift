import Foundation
import RealPrograms
import SeededRandom

/// A disk with a write cache that forgets. While the machine runs, nothing reaches the platters, a raw image: QEMU writes to
/// a layer over it and writes down every order. A power cut throws the layer away and puts on the platters what was written
/// before the last flush, and of the later writes some, some in part, and some not at all.
///
/// SIGKILL of QEMU alone proves less: what the guest gave to its drive is in the host's page cache and survives.
public final class Drive {
    /// What a cut did.
    public struct Cut: Sendable {
        public var flushes = 0
        /// Writes of the session, and those of them that no flush followed.
        public var writes = 0
        public var unflushed = 0
        /// Of the unflushed ones.
        public var lost = 0
        public var torn = 0
    }

    public let platters: String
    private let layer: String
    private var log: WriteLog
    /// Grows with every order that the machine gives to its drive.
    var logFile: String { log.path }

    /// Over the raw image `platters`; what it needs besides lies in `folder`.
    public init(platters: String, folder: String) {
        self.platters = platters
        layer = folder + "/layer.qcow2"
        log = WriteLog(path: folder + "/writes.log")
    }

    /// The nodes of QEMU. `gate` is where flushes can be held up, `disk` is what the machine sees. What a cut keeps is by the log
    /// alone, so this host's own disk is asked for no flush: a busy one took longer than a kiosk waits for its store.
    var arguments: [String] {
        let unflushed = "driver=file,cache.no-flush=on"
        return [
            "-blockdev", "\(unflushed),node-name=writes,filename=\(log.path)",
            "-blockdev",
            "driver=qcow2,node-name=layer,cache.no-flush=on,file.driver=file,file.cache.no-flush=on,"
                + "file.filename=\(layer)",
            "-blockdev", "driver=blkdebug,node-name=gate,image=layer",
            "-blockdev",
            "driver=blklogwrites,node-name=disk,file=gate,log=writes,log-sector-size=\(WriteLog.sectorSize),"
                + "log-super-update-interval=1",
        ]
    }

    /// An empty cache.
    func start() throws {
        try? FileManager.default.removeItem(atPath: layer)
        _ = try Child.output(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-b", platters, "-F", "raw", layer], log: layer + ".log")
        try Data().write(to: URL(filePath: log.path))
        log = WriteLog(path: log.path)
    }

    // MARK: What it was told

    /// How many orders it has had.
    func orders() throws -> Int {
        try log.read()
        return log.entries.count
    }

    /// Whether something was written after the first `orders` and flushed after that.
    func hasFlushed(since orders: Int) throws -> Bool {
        try log.read()
        let later = log.entries.dropFirst(orders)
        guard let write = later.firstIndex(where: { !$0.isFlush && !$0.isDiscard }) else { return false }
        return later[write...].contains { $0.isFlush }
    }

    // MARK: The cut

    /// Puts on the platters what such a drive keeps when its power goes.
    func cut(_ random: inout SplitMix) throws -> Cut {
        try log.read()
        let source = try FileHandle(forReadingFrom: URL(filePath: log.path))
        let target = try FileHandle(forWritingTo: URL(filePath: platters))
        defer {
            try? source.close()
            try? target.close()
        }
        var cut = Cut(flushes: log.entries.count { $0.isFlush })
        let lastFlush = log.entries.lastIndex { $0.isFlush } ?? -1
        for (number, entry) in log.entries.enumerated() where !entry.isFlush && !entry.isDiscard && entry.length > 0 {
            cut.writes += 1
            var kept = entry.length
            if number > lastFlush, !entry.isThrough {
                cut.unflushed += 1
                switch random.next() % 3 {
                case 0: break
                case 1 where entry.length > WriteLog.sectorSize:
                    let sectors = UInt64(entry.length / WriteLog.sectorSize)
                    kept = Int(1 + random.next() % (sectors - 1)) * WriteLog.sectorSize
                    cut.torn += 1
                default:
                    cut.lost += 1
                    continue
                }
            }
            try copy(kept, from: (source, entry.dataOffset), to: (target, entry.offset))
        }
        return cut
    }

    private func copy(_ length: Int, from: (file: FileHandle, offset: UInt64), to: (file: FileHandle, offset: UInt64))
        throws
    {
        try from.file.seek(toOffset: from.offset)
        try to.file.seek(toOffset: to.offset)
        var rest = length
        while rest > 0 {
            guard let bytes = try from.file.read(upToCount: min(rest, 1 << 20)), !bytes.isEmpty else {
                throw ChildError("\(log.path) ends within an entry; see QEMU's own log beside it")
            }
            try to.file.write(contentsOf: bytes)
            rest -= bytes.count
        }
    }
}
