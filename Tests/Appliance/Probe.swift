import Foundation
import Glibc
import RealPrograms

/// A look inside a booted kiosk, which has no way in: the command line of its boot program, with words added, runs a script from
/// the boot partition as root and hears it on a serial line. Nothing of the root is changed, so what is seen is the image's own.
///
/// Whoever can write the boot partition can do this; Secure Boot with the region's keys is what stops them.
struct Probe {
    /// What the script said, line by line.
    let lines: [String]

    private static let name = "probe.sh"
    private static let (begin, end) = ("probe: begins", "probe: ends")

    /// Starts the kiosk, which must be off, with the script and `words` on its command line, and hears the script to its end.
    /// The boot program is the old one again afterwards; the kiosk runs on.
    static func run(_ script: String, words: [String] = [], on kiosk: Emulator, slot: String = "a") throws -> Self {
        try start(script, words: words, on: kiosk, slot: slot).hear()
    }

    /// As `run`, up to the power button.
    static func start(
        _ script: String, words: [String] = [], on kiosk: Emulator, slot: String = "a"
    ) throws -> Running {
        try kiosk.put("exec 2>&1\necho '\(begin)'\n\(script)\necho '\(end)'\n", as: name)
        let program = "EFI/Linux/otsenka-\(slot).efi"
        let (own, probing) = (kiosk.folder + "/own.efi", kiosk.folder + "/probing.efi")
        try kiosk.get(program, to: own)
        try add(
            [
                // The script's unit would make itself the only thing that is started.
                "systemd.unit=multi-user.target", "systemd.wants=kernel-command-line.service",
                "systemd.run_success_action=none", "systemd.run_failure_action=none",
                // A unit of its own: a target would wait for the end of this one.
                "systemd.run=\"systemd-run --no-block /bin/sh -c 'mtype -i /dev/disk/by-partlabel/otsenka-esp ::/\(name) | /bin/sh >/dev/ttyS0'\"",
            ] + words, to: own, as: probing, log: kiosk.log)
        try kiosk.put(file: probing, as: program)
        try kiosk.start()
        return Running(kiosk: kiosk, own: own, program: program)
    }

    /// A script at work.
    struct Running {
        fileprivate let kiosk: Emulator
        fileprivate let own: String
        fileprivate let program: String

        /// Waits until the script has said so.
        func waitFor(_ text: String) throws { _ = try hear(until: text) }

        /// Waits for the script's end.
        func hear() throws -> Probe {
            defer {
                try? kiosk.put(file: own, as: program)
                try? kiosk.remove(Probe.name)
            }
            return try hear(until: Probe.end)
        }

        private func hear(until text: String) throws -> Probe {
            let began = ContinuousClock.now
            while began.duration(to: .now) < .seconds(Hall.bootSeconds) {
                let said = try String(decoding: Data(contentsOf: URL(filePath: kiosk.serial)), as: UTF8.self)
                if let begin = said.range(of: Probe.begin), let end = said[begin.upperBound...].range(of: text) {
                    let lines = said[begin.upperBound..<end.lowerBound].split(whereSeparator: \.isNewline)
                    return Probe(lines: lines.map(String.init))
                }
                guard !kiosk.hasEnded else { throw ChildError("the emulator has ended; see \(kiosk.serial)") }
                usleep(200_000)
            }
            throw ChildError("the script did not come to “\(text)”; see \(kiosk.serial)")
        }
    }

    /// Has the slot's starts write the journal to the serial line from now on, for people who look why something fails.
    static func tellJournal(of kiosk: Emulator, slot: String = "a") throws {
        let program = "EFI/Linux/otsenka-\(slot).efi"
        let (own, telling) = (kiosk.folder + "/own.efi", kiosk.folder + "/telling.efi")
        try kiosk.get(program, to: own)
        let words = [
            "console=ttyS0", "systemd.journald.forward_to_console=1", "systemd.journald.max_level_console=debug",
        ]
        try add(words, to: own, as: telling, log: kiosk.log)
        try kiosk.put(file: telling, as: program)
    }

    /// A boot program with words added to its command line.
    private static func add(_ words: [String], to program: String, as new: String, log: String) throws {
        let (line, bare) = (new + ".cmdline", new + ".bare")
        // objcopy writes the section aside only while it copies.
        _ = try Child.output(
            ["objcopy", "--dump-section", ".cmdline=\(line)", "--remove-section", ".cmdline", program, bare], log: log)
        let old = try String(decoding: Data(contentsOf: URL(filePath: line)), as: UTF8.self).trimmingCharacters(
            in: ["\0", " ", "\n"])
        try Data(([old] + words).joined(separator: " ").utf8).write(to: URL(filePath: line))
        _ = try Child.output(
            ["objcopy", "--add-section", ".cmdline=\(line)", "--change-section-vma", ".cmdline=0x30000", bare, new],
            log: log)
    }

    /// The words of each line that begins with `word`, without it.
    func words(after word: String) -> [[String]] {
        lines.map { $0.split(separator: " ").map(String.init) }.filter { $0.first == word }.map {
            Array($0.dropFirst())
        }
    }
}
