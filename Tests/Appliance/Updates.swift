import Foundation
import Glibc
import RealPrograms

// Item 4 of `make test-image`: updates that a technician puts on the boot partition (G35–G37). What ends in a restart ends
// the emulator (`-no-reboot`), and the power button is pressed again here.
extension Hall {
    /// What a technician finds on the boot partition afterwards.
    static let bundle = "otsenka-update.raucb"
    static let outcome = "otsenka-update.txt"
    /// A slot that cannot do its work is left after three trials of 120 s, each with its start.
    static let trialSeconds = 400.0
    static let installSeconds = 900.0

    /// All of it, with the bundles of `kiosk-image/make-test-bundles`.
    public func updates(bundles: String) throws {
        func visitOnce() throws { try visit(mark: 5, by: .touch) }
        for name in ["unsigned", "stranger", "older", "short"] {
            try refuse(bundles + "/\(name).raucb", name)
            try visitOnce()
        }
        try install(bundles + "/good.raucb", "a good bundle", into: "b")
        try visitOnce()
        try cutInstallation(bundles + "/good-again.raucb", running: "b")
        try visitOnce()
        for name in ["cannot-start", "cannot-draw", "cannot-store"] {
            try fallBack(from: bundles + "/\(name).raucb", name, to: "a")
            try visitOnce()
        }
        try expectReport(of: said.count)
        say("the report has all \(said.count) visits: no update has touched the journal")
    }

    /// A bundle that nobody may install: one line says why, and the dialog stays as it was.
    private func refuse(_ bundle: String, _ name: String) throws {
        kiosk.cut()
        let before = try kiosk.slots()
        try offer(bundle)
        try powerOn()
        try waitUntil("the bundle \(name) is judged", seconds: Self.installSeconds) { try !kiosk.has(Self.bundle) }
        let line = try kiosk.text(of: Self.outcome) ?? ""
        guard line.contains("was refused"), try kiosk.slots() == before else {
            throw ChildError("the bundle \(name) was not refused: \(line) \(try kiosk.slots())")
        }
        say("\(name): \(line.trimmingCharacters(in: .whitespacesAndNewlines))")
    }

    /// A bundle that works: the kiosk restarts into it by itself, and it proves itself.
    private func install(_ bundle: String, _ name: String, into slot: String) throws {
        kiosk.cut()
        try offer(bundle)
        try powerOn()
        try waitForRestart()
        say("\(name): installed beside the dialog, the slots are \(try kiosk.slots().joined(separator: " "))")
        try powerOn()
        try prove(slot)
    }

    func prove(_ slot: String) throws {
        try waitUntil("slot \(slot) proves itself", seconds: Self.trialSeconds) {
            try kiosk.slots().contains("otsenka-\(slot).efi")
        }
        say("slot \(slot) is good: \(try kiosk.slots().joined(separator: " "))")
    }

    /// Cuts the power while a bundle is written, several times; each start shows the dialog of the old version, and in the end
    /// the installation that begins anew at each start is done.
    private func cutInstallation(_ bundle: String, running: String) throws {
        let target = running == "a" ? "b" : "a"
        kiosk.cut()
        try offer(bundle)
        var cuts = 0
        for seconds in [1, 4, 8] {
            try powerOn()
            try waitUntil("the other slot is given up", seconds: Self.installSeconds) {
                try !kiosk.slots().contains("otsenka-\(target).efi")
            }
            sleep(UInt32(seconds))
            kiosk.cut()
            let slots = try kiosk.slots()
            say("power cut \(seconds) s into writing: \(slots.joined(separator: " "))")
            // The name of the program is the last thing that is written: with it the update is whole.
            if slots.contains(where: { $0.hasPrefix("otsenka-\(target)") }) { break }
            cuts += 1
        }
        guard cuts > 0 else {
            throw ChildError("no power cut met the installation; it is faster than the shortest wait")
        }
        if try !kiosk.slots().contains(where: { $0.hasPrefix("otsenka-\(target)") }) {
            try powerOn()
            try waitForRestart()
        }
        try powerOn()
        try prove(target)
    }

    /// A release that cannot do its work: after three starts the old one is back, without people.
    private func fallBack(from bundle: String, _ name: String, to slot: String) throws {
        kiosk.cut()
        try offer(bundle)
        try powerOn()
        try waitForRestart()
        let began = ContinuousClock.now
        for trial in 1...3 {
            try kiosk.start()
            try waitUntil("trial \(trial) of \(name) ends", seconds: Self.trialSeconds + Self.bootSeconds) {
                if let picture = try? kiosk.picture() { try album.keep(picture, "trial-\(name)") }
                return kiosk.hasEnded
            }
            say("\(name): trial \(trial) is over, the slots are \(try kiosk.slots().joined(separator: " "))")
        }
        try powerOn()
        guard try kiosk.slots().contains("otsenka-\(slot).efi") else {
            throw ChildError("slot \(slot) is not what it was: \(try kiosk.slots())")
        }
        let seconds = Int(began.duration(to: .now) / .seconds(1))
        say("\(name): the version of slot \(slot) is back after \(seconds) s of emulation")
    }

    private func offer(_ bundle: String) throws {
        if try kiosk.has(Self.outcome) { try kiosk.remove(Self.outcome) }
        try kiosk.put(file: bundle, as: Self.bundle)
    }

    /// The kiosk restarts by itself, which ends the emulator.
    func waitForRestart() throws {
        try waitUntil("the kiosk restarts", seconds: Self.installSeconds) { kiosk.hasEnded }
    }

    private func waitUntil(_ what: String, seconds: Double, _ isSo: () throws -> Bool) throws {
        let began = ContinuousClock.now
        while began.duration(to: .now) < .seconds(seconds) {
            if try isSo() { return }
            usleep(500_000)
        }
        let line = (try? kiosk.text(of: Self.outcome)) ?? ""
        throw ChildError("waited \(Int(seconds)) s in vain until \(what); the slots are \(try kiosk.slots()) \(line)")
    }
}
