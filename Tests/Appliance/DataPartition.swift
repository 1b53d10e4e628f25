import Foundation
import RealPrograms

/// The data partition on the emulated disk, as somebody with a reader for it would change it: e2fsprogs and sfdisk, no mount.
struct DataPartition {
    private let disk: String
    private let log: String
    let offset: Int
    let length: Int

    init(disk: String, log: String) throws {
        struct Printed: Decodable { var partitiontable: Table }
        struct Table: Decodable {
            var sectorsize: Int
            var partitions: [Partition]
        }
        struct Partition: Decodable {
            var name: String?
            var start: Int
            var size: Int
        }
        self.disk = disk
        self.log = log
        let table = try JSONDecoder().decode(
            Printed.self, from: Child.output(["sfdisk", "--json", disk], log: log)
        ).partitiontable
        guard let found = table.partitions.first(where: { $0.name == "otsenka-data" }) else {
            throw ChildError("\(disk) has no data partition; has the kiosk been started?")
        }
        offset = found.start * table.sectorsize
        length = found.size * table.sectorsize
    }

    private var device: String { "\(disk)?offset=\(offset)" }

    /// Does something to a copy of the partition in a file of its own, and puts it back: e2fsck forgets `?offset=` when it opens a
    /// file system again after its journal.
    private func onCopy(_ body: (String) throws -> Void) throws {
        let copy = log + ".partition"
        defer { try? FileManager.default.removeItem(atPath: copy) }
        _ = try Child.output(
            [
                "dd", "if=\(disk)", "of=\(copy)", "bs=1M", "iflag=skip_bytes,count_bytes", "skip=\(offset)",
                "count=\(length)", "conv=sparse", "status=none",
            ], log: log)
        _ = try Child.output(["truncate", "-s", "\(length)", copy], log: log)
        try body(copy)
        _ = try Child.output(
            [
                "dd", "if=\(copy)", "of=\(disk)", "bs=1M", "oflag=seek_bytes", "seek=\(offset)", "conv=notrunc",
                "status=none",
            ], log: log)
    }

    /// Replays its journal and repairs it; after a cut the next steps need it.
    func check() throws {
        try onCopy { copy in
            // 1 and 2: it was repaired.
            let status = try Child(["e2fsck", "-fy", copy], log: log).wait()
            guard let status, status < 4 else {
                throw ChildError("e2fsck could not repair the data partition; see \(log)")
            }
        }
    }

    /// An fsync then flushes nothing: what a wrong appliance would do.
    func removeBarriers() throws {
        try check()
        _ = try Child.output(["tune2fs", "-o", "nobarrier", device], log: log)
    }

    /// A file in its root that takes all but so many blocks; it has no content. debugfs ends with 0 whatever happens.
    func fill(_ name: String, leaving blocksLeft: Int) throws {
        try check()
        let blocks = try freeBytes() / 4096 - blocksLeft
        for command in [
            "write /dev/null \(name)", "fallocate \(name) 0 \(blocks - 1)",
            "set_inode_field \(name) size \(blocks * 4096)",
        ] { _ = try Child.output(["debugfs", "-w", "-R", command, device], log: log) }
        try check()
        guard try freeBytes() <= blocksLeft * 4096 else {
            throw ChildError("debugfs could not fill the data partition; see \(log)")
        }
    }

    func remove(_ name: String) throws {
        try check()
        _ = try Child.output(["debugfs", "-w", "-R", "rm \(name)", device], log: log)
        try check()
    }

    /// Bytes that no file has.
    func freeBytes() throws -> Int {
        let said = String(decoding: try Child.output(["dumpe2fs", "-h", device], log: log), as: UTF8.self)
        let line = said.split(separator: "\n").first { $0.hasPrefix("Free blocks:") }
        guard let blocks = line.flatMap({ Int($0.filter(\.isNumber)) }) else {
            throw ChildError("dumpe2fs does not say how much is free; see \(log)")
        }
        return blocks * 4096
    }

    /// Writes noise over a part of it.
    func spoil(from start: Int, bytes: Int) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: disk))
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(offset + start))
        let noise = Data((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
        var rest = min(bytes, length - start)
        while rest > 0 {
            try file.write(contentsOf: noise.prefix(rest))
            rest -= min(rest, noise.count)
        }
    }
}
