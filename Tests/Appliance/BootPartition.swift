import Foundation
import RealPrograms

/// The kiosk's boot partition as a technician with a card reader sees it, and what `make test-image` learns of its slots.
/// mtools reads it also while the kiosk runs; what it sees then may be a moment old.
extension Emulator {
    private var partition: String { disk + "@@1M" }

    /// Puts a file there; the kiosk must be off.
    public func put(file: String, as name: String) throws {
        _ = try Child.output(["mcopy", "-o", "-i", partition, file, "::/" + name], log: folder + "/mcopy.log")
    }

    /// Copies a file from there.
    func get(_ name: String, to path: String) throws {
        _ = try Child.output(["mcopy", "-n", "-o", "-i", partition, "::/" + name, path], log: folder + "/mcopy.log")
    }

    /// The text of a file there; nothing if there is none.
    public func text(of name: String) throws -> String? {
        guard try has(name) else { return nil }
        let path = folder + "/read.txt"
        try get(name, to: path)
        return try String(contentsOf: URL(filePath: path), encoding: .utf8)
    }

    /// Takes a file away; the kiosk must be off.
    public func remove(_ name: String) throws {
        _ = try Child.output(["mdel", "-i", partition, "::/" + name], log: folder + "/mdel.log")
    }

    /// The programs of the slots by their names, which say what systemd-boot makes of them: `otsenka-b+2-1.efi`.
    public func slots() throws -> [String] {
        let printed = try Child.output(["mdir", "-b", "-i", partition, "::/EFI/Linux"], log: folder + "/slots.log")
        return String(decoding: printed, as: UTF8.self).split(separator: "\n")
            .compactMap { $0.split(separator: "/").last.map { $0.trimmingCharacters(in: .whitespaces) } }.sorted()
    }
}
