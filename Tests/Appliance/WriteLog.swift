import Foundation
import RealPrograms

/// What a drive was told, in order, as QEMU's `blklogwrites` writes it down: the format of Linux' dm-log-writes
/// (Documentation/admin-guide/device-mapper/log-writes.rst). Everything in it is little-endian.
struct WriteLog {
    /// One order to the drive.
    struct Entry {
        var isFlush: Bool
        var isDiscard: Bool
        /// Durable by itself, whatever the cache holds.
        var isThrough: Bool
        /// Where on the drive, and how much; bytes.
        var offset: UInt64
        var length: Int
        /// Where its bytes are in the log.
        var dataOffset: UInt64
    }

    static let sectorSize = 512
    private static let magic: UInt64 = 0x6A_7366_7773_6872
    private static let (flushFlag, throughFlag, discardFlag): (UInt64, UInt64, UInt64) = (1, 2, 4)

    let path: String
    private(set) var entries: [Entry] = []
    private var next = UInt64(Self.sectorSize)

    init(path: String) { self.path = path }

    /// Reads what has been added since; QEMU counts an entry only when all of it is in the file.
    mutating func read() throws {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { try? file.close() }
        guard let head = try file.read(upToCount: 28), head.count == 28 else { return }
        guard Self.word(head, 0) == Self.magic, Self.word(head, 8) == 1 else {
            throw ChildError("\(path) is not a log of writes; see that QEMU's blklogwrites wrote it")
        }
        while UInt64(entries.count) < Self.word(head, 16) {
            try file.seek(toOffset: next)
            guard let bytes = try file.read(upToCount: 32), bytes.count == 32 else { return }
            let flags = Self.word(bytes, 16)
            let entry = Entry(
                isFlush: flags & Self.flushFlag != 0, isDiscard: flags & Self.discardFlag != 0,
                isThrough: flags & Self.throughFlag != 0,
                offset: Self.word(bytes, 0) * UInt64(Self.sectorSize),
                length: Int(Self.word(bytes, 8)) * Self.sectorSize, dataOffset: next + UInt64(Self.sectorSize))
            next = entry.dataOffset + (entry.isDiscard ? 0 : UInt64(entry.length))
            entries.append(entry)
        }
    }

    private static func word(_ bytes: Data, _ offset: Int) -> UInt64 {
        bytes.dropFirst(offset).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
