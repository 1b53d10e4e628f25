import Foundation
import RealPrograms

/// A folder that the image's update scripts take for a kiosk: only the places they look at are others, named one by one.
final class KioskFolder {
    private let folder: URL
    private var log: String { folder.path + "/log" }

    init(running slot: String, version: String, programs: [String]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "otsenka-slots-\(UUID().uuidString)")
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        let image = here.appending(path: "../../kiosk-image/root/usr/lib")
        try write("quiet rauc.slot=\(slot)\n", to: "cmdline")
        try write("IMAGE_ID=otsenka-kiosk\nIMAGE_VERSION=\(version)\n", to: "os-release")
        for program in programs { try write("program", to: "EFI/Linux/\(program)") }
        let places = [
            "esp=/efi": "esp=\(folder.path)", "state=/var/lib/otsenka-update": "state=\(folder.path)/state",
            "reason=/run/otsenka-update.reason": "reason=\(folder.path)/reason",
            "/proc/cmdline": "\(folder.path)/cmdline", "/usr/lib/os-release": "\(folder.path)/os-release",
            "mountpoint -q \"$esp\"": "true", "/usr/lib/otsenka/slots.sh": "\(folder.path)/slots.sh",
        ]
        for name in ["slots.sh", "boot-slots", "update-check", "update-boot"] {
            var script = try String(contentsOf: image.appending(path: "otsenka/\(name)"), encoding: .utf8)
            for (there, here) in places { script = script.replacingOccurrences(of: there, with: here) }
            try write(script, to: name)
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A bundle as RAUC has mounted it.
    func offer(_ version: String) throws {
        try write("[update]\ncompatible=otsenka-kiosk-x86-64\nversion=\(version)\n", to: "bundle/manifest.raucm")
        for slot in ["a", "b"] { try write("program of slot \(slot)", to: "bundle/otsenka-\(slot).efi") }
    }

    /// Runs a script as RAUC does; gives its exit status.
    func run(_ script: String, _ arguments: String...) throws -> Int32? {
        try? FileManager.default.removeItem(atPath: log)
        return try Child(
            ["bash", "\(folder.path)/\(script)"] + arguments,
            environment: ["RAUC_BUNDLE_MOUNT_POINT": "\(folder.path)/bundle"], log: log
        ).wait()
    }

    /// What the last script has printed.
    func printed() -> String {
        ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func programs() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path + "/EFI/Linux").sorted()
    }

    func text(_ name: String) throws -> String { try String(contentsOfFile: folder.path + "/" + name, encoding: .utf8) }

    func write(_ text: String, to name: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}
