import Foundation
import RealPrograms
import SeededRandom
import Testing

/// What the image's own script `maintain` does with a stick, over files with FAT file systems in place of a device (T2: never
/// mounted, one clear line). The kiosk's commands that it calls are stand-ins here; `VisitTests` has the real ones.
@Suite final class StickTests {
    private let folder: URL
    private var stick: String { folder.path + "/stick.img" }
    private let receipt = "bench-k-e000001-r000000000001-000000000500.receipt"

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "otsenka-stick-\(UUID().uuidString)")
        for name in ["tools", "state", "bin", "waiting"] {
            try FileManager.default.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        let image = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../kiosk-image/root/usr/lib/otsenka/maintain")
        try FileManager.default.copyItem(at: image, to: folder.appending(path: "tools/maintain"))
        let here = folder.path
        try program("tools/stick", "echo \"$*\" >>\(here)/calls\n[ \"$1\" != attach ] || echo \(here)/stick.img")
        try program(
            "bin/otsenka-kiosk",
            """
            case $1 in
            import-receipts) ls "$2" >\(here)/offered; echo "a: taken: b" ;;
            export) mkdir -p "$3"; cp \(here)/waiting/* "$3" 2>/dev/null; exit 0 ;;
            esac
            """)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    @Test func whatIsForThisKioskIsReadAndNothingElse() throws {
        try format()
        try put("update", at: "otsenka-update.raucb")
        try put("receipt", at: "otsenka/\(receipt)")
        for other in ["hall-2-e000001-r000000000001-000000000500.receipt", "bench-k-e1.receipt", "bench-k.sh"] {
            try put("other", at: "otsenka/\(other)")
        }
        let run = try maintain("read-stick", "1-2", "bench-k", "update", "network", "receipts")
        #expect(run.status == 0 && run.said.sorted() == ["receipts", "update"])
        #expect(try text("offered") == receipt + "\n")
        #expect(try text("state/stick/otsenka-update.raucb") == "update")
        #expect(try text("calls") == "attach 1-2\ndetach\n")
    }

    @Test func whatTheVisitDoesNotAllowIsNotEvenRead() throws {
        try format()
        try put("update", at: "otsenka-update.raucb")
        try put("receipt", at: "otsenka/\(receipt)")
        #expect(try maintain("read-stick", "1-2", "bench-k", "network") == Run(status: 0, said: []))
        #expect(try maintain("read-stick", "1-2", "bench-k", "update").said == ["update"])
        #expect(try maintain("read-stick", "1-2", "bench-k", "receipts").said == ["receipts"])
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/state/stick/otsenka-update.raucb"))
    }

    @Test func anEmptyStickAndOneThatNothingWaitsForAreNoFault() throws {
        try format()
        #expect(
            try maintain("read-stick", "1-2", "bench-k", "update", "network", "receipts") == Run(status: 0, said: []))
        #expect(try maintain("write-stick", "1-2") == Run(status: 0, said: []))
    }

    @Test func aFileThatIsTooLongIsRefusedAndNotKept() throws {
        try format()
        try put(String(repeating: "x", count: 20_000), at: "otsenka-network.network")
        let run = try maintain("read-stick", "1-2", "bench-k", "update", "network", "receipts")
        #expect(run.status == 21 && run.said.last?.contains("more than 8 KiB") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/state/stick/otsenka-network.network"))
    }

    @Test func aFullStickIsToldOfAndHoldsNoHalfFile() throws {
        try format(kibibytes: 512)
        try Data(count: 900_000).write(to: folder.appending(path: "waiting/a.batch"))
        let run = try maintain("write-stick", "1-2")
        #expect(run.status == 22 && run.said.last?.contains("does not go onto the stick") == true)
        #expect(try onStick().contains { $0.hasSuffix("a.batch") } == false)
        #expect(try text("calls").hasSuffix("detach\n"))
    }

    @Test func aStickThatIsPulledOutIsToldOf() throws {
        try format()
        try program("tools/stick", "[ \"$1\" != attach ] || { echo \(stick); rm \(stick); }")
        let run = try maintain("read-stick", "1-2", "bench-k", "update", "network", "receipts")
        #expect(run == Run(status: 23, said: run.said) && run.said.last == "the stick was pulled out too soon")
    }

    @Test func fiftyMalformedSticksAreNeverMountedAndEndInOneLineEach() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SplitMix(seed)
        try format(kibibytes: 1024)
        try put(String(repeating: "u", count: 60_000), at: "otsenka-update.raucb")
        try put("[Match]\nType=ether\n", at: "otsenka-network.network")
        try put("receipt", at: "otsenka/\(receipt)")
        let sound = try Data(contentsOf: URL(filePath: stick))
        let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
        for number in 1...50 {
            var bytes = sound
            // The boot sector, the tables and the root folder are at the beginning; some images are cut, too.
            for _ in 0..<Int.random(in: 1...200, using: &random) {
                bytes[Int.random(in: 0..<40_000, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
            }
            if number % 10 == 0 { bytes = bytes.prefix(Int.random(in: 0..<sound.count, using: &random)) }
            try bytes.write(to: URL(filePath: stick))
            let run = try maintain("read-stick", "1-2", "bench-k", "update", "network", "receipts")
            #expect([0, 21].contains(run.status), "stick \(number) of seed \(seed) ended with \(run)")
            if run.status == 21 { #expect(run.said.last?.contains("stick") == true, "seed \(seed): \(run)") }
        }
        #expect(try String(contentsOfFile: "/proc/mounts", encoding: .utf8) == mounts)
        let calls = try text("calls").split(separator: "\n")
        #expect(calls.filter { $0 == "detach" }.count == 50)
    }

    @Test func whatIsNoVerbDoesNothing() throws {
        #expect(try maintain("format-disk").status == 64)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/calls"))
    }

    // MARK: -

    private struct Run: Equatable {
        var status: Int32?
        var said: [String]
    }

    private func maintain(_ words: String...) throws -> Run {
        let log = folder.path + "/log"
        try? FileManager.default.removeItem(atPath: log)
        let path = "\(folder.path)/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let status = try Child(
            ["bash", folder.path + "/tools/maintain"] + words,
            environment: ["PATH": path, "OTSENKA_STATE": folder.path + "/state"], log: log
        ).wait()
        let said = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        return Run(status: status, said: said)
    }

    private func program(_ name: String, _ script: String) throws {
        let file = folder.appending(path: name)
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    private func format(kibibytes: Int = 4096) throws {
        try tool("mkfs.vfat", "-C", stick, "\(kibibytes)")
        try tool("mmd", "-i", stick, "::/otsenka")
    }

    private func put(_ text: String, at name: String) throws {
        let file = folder.path + "/file"
        try Data(text.utf8).write(to: URL(filePath: file))
        try tool("mcopy", "-n", "-o", "-i", stick, file, "::/" + name)
    }

    private func onStick() throws -> [String] {
        let printed = try Child.output(["mdir", "-b", "-i", stick, "::/otsenka"], log: folder.path + "/mdir")
        return String(decoding: printed, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func tool(_ words: String...) throws { _ = try Child.output(words, log: folder.path + "/tool") }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder.path + "/" + name, encoding: .utf8)
    }
}
