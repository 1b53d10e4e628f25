import Foundation
import Glibc
import RealPrograms

// Item 9 of `make test-image`: a technician's visit with a USB stick, without a network and with one.
extension Hall {
    private static let note = "otsenka-visit.txt"
    private static let network = "otsenka-network.network"

    /// Both visits; `bundles` is the folder of `kiosk-image/make-test-bundles`.
    public func serviced(bundles: String) throws {
        let stick = try Stick(in: kiosk.folder)
        try carryRatings(on: stick)
        try updateAndReceipts(on: stick, bundle: bundles + "/good.raucb")
        try expectReport(of: said.count)
        say("the report has all \(said.count) visits, each once, whether they came by stick or by cable")
    }

    /// The visit's note comes with the boot partition, as in a hall without a network: the stick gives the kiosk a fixed
    /// address, and takes away the ratings that wait.
    private func carryRatings(on stick: Stick) throws {
        kiosk.cut()
        try startWithoutCable()
        try see("idle", withinSeconds: Self.bootSeconds)
        for mark in [5, 1, 3] { try visit(mark: mark, by: .touch) }
        kiosk.cut()
        let note = kiosk.folder + "/" + Self.note
        try allow(["set-network", "read-stick", "write-stick"], "--output", note)
        try kiosk.put(file: note, as: Self.note)
        try startWithoutCable()
        try see("maintenance-stick", withinSeconds: Self.bootSeconds)
        say("the note on the boot partition opened a visit")
        try stick.put(
            "[Match]\nType=ether\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\nDNS=10.0.2.3\n", as: Self.network)
        let done = screens.maintenance(.done([.networkSet, .exported], trouble: nil))
        try plug(stick, until: done)
        try unplugged(until: "idle")
        let files = try stick.names(in: "otsenka")
        guard try kiosk.has(Self.network), try !kiosk.has(Self.note), !files.isEmpty else {
            throw ChildError(
                "the boot partition or the stick lacks what the visit should leave; the stick has \(files)")
        }
        let carried = try stick.take("otsenka")
        let printed = try order(["import", "batches", carried])
        if let complaint = try compare() { throw ChildError("after \(printed): \(complaint)") }
        for name in try FileManager.default.contentsOfDirectory(atPath: carried) where name.hasSuffix(".receipt") {
            try stick.put(file: "\(carried)/\(name)", as: "otsenka/" + name)
        }
        say(
            "a fixed address is set, and the stick brought all ratings to the collector: \(files.joined(separator: " "))"
        )
    }

    /// The collector sends the next note over the network: receipts and an update come with the stick.
    private func updateAndReceipts(on stick: Stick, bundle: String) throws {
        try stick.put(file: bundle, as: Self.bundle)
        try kiosk.setCable(true)
        try allow(["read-stick", "install-update"])
        try see("maintenance-stick")
        say("the collector's note opened a visit")
        let done = screens.maintenance(.done([.receiptsTaken, .updateInstalled], trouble: nil))
        try plug(stick, until: done)
        try kiosk.unplug(Stick.device)
        try waitForRestart()
        say("receipts and an update were taken from the stick, and the kiosk restarts once it is out")
        try powerOn()
        try prove("b")
        try visit(mark: 4, by: .touch)
    }

    private func startWithoutCable() throws {
        try kiosk.start()
        try kiosk.setCable(false)
    }

    private func plug(_ stick: Stick, until done: String) throws {
        try kiosk.plug(stick)
        try see("maintenance-working")
        try see(done, withinSeconds: Self.installSeconds)
    }

    private func unplugged(until screen: String) throws {
        try kiosk.unplug(Stick.device)
        try see(screen)
    }

    private func allow(_ verbs: [String], _ more: String...) throws {
        try order(
            ["kiosk", "visit", Self.kioskName, "--technician", "17", "--minutes", "240"]
                + verbs.flatMap { ["--verb", $0] } + more)
    }

    @discardableResult
    private func order(_ words: [String]) throws -> String {
        let printed = try Child.output(
            [region.program] + words + ["--dir", region.folder], log: region.folder + ".order")
        return String(decoding: printed, as: UTF8.self)
    }
}
