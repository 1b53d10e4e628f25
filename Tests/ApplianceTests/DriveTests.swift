import Foundation
import RealPrograms
import SeededRandom
import Testing

@testable import Appliance

/// QEMU's block layer writes the log, as in the emulator; it comes with the image's tools (`make test-image` installs them).
private let hasTools = ["qemu-img", "qemu-io"].allSatisfy { access("/usr/bin/\($0)", X_OK) == 0 }

@Suite(.enabled(if: hasTools, "qemu-utils is not installed"))
struct DriveTests {
    private static let (early, late) = (8 * 512, 16 * 512)

    /// A drive after `commands` of qemu-io, which a signal ended.
    private func drive(_ commands: [String], in folder: String) throws -> Drive {
        let platters = folder + "/platters.img"
        try Data(count: 1 << 20).write(to: URL(filePath: platters))
        let drive = Drive(platters: platters, folder: folder)
        try drive.start()
        let node =
            "driver=blklogwrites,log-sector-size=512,log-super-update-interval=1,log.driver=file,log.filename=\(folder)/writes.log,"
            + "file.driver=qcow2,file.file.driver=file,file.file.filename=\(folder)/layer.qcow2"
        let words = ["qemu-io", "--image-opts"] + (commands + ["sigraise 9"]).flatMap { ["-c", $0] } + [node]
        #expect(try Child(words, log: folder + "/qemu-io.log").wait() == nil)
        return drive
    }

    private func folder() throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/otsenka-drive-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test func `a cut keeps what was flushed, and of the rest some, some in part and some not at all`() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let written = ["write -P 1 0 \(Self.early)", "flush", "write -P 2 65536 \(Self.late)"]
        var ends: Set<Int> = []
        for seed in 0..<12 as Range<UInt64> {
            let drive = try drive(written, in: folder)
            var random = SplitMix(seed)
            let cut = try drive.cut(&random)
            #expect(cut.writes == 2 && cut.unflushed == 1)
            let platters = try Data(contentsOf: URL(filePath: folder + "/platters.img"))
            #expect(platters.prefix(Self.early).allSatisfy { $0 == 1 })
            let kept = platters.dropFirst(65536).prefix { $0 == 2 }.count
            #expect(kept % 512 == 0 && kept <= Self.late)
            #expect(platters.dropFirst(65536 + kept).allSatisfy { $0 == 0 })
            #expect(cut.lost == (kept == 0 ? 1 : 0) && cut.torn == (kept > 0 && kept < Self.late ? 1 : 0))
            ends.insert(kept == 0 ? 0 : kept == Self.late ? 2 : 1)
        }
        #expect(ends == [0, 1, 2])
    }

    @Test func `a flush counts only after a write`() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let drive = try drive(["write -P 1 0 512", "flush", "write -P 2 512 512"], in: folder)
        #expect(try drive.orders() == 3)
        #expect(try drive.hasFlushed(since: 0))
        #expect(try !drive.hasFlushed(since: 1))
        #expect(try !drive.hasFlushed(since: 2))
    }
}
