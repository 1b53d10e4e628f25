import FoundationEssentials
import Ledger

extension Decoder {
    /// The note of a technician's visit, from the network or a file on a stick: as it came, and signed by the collector whatever
    /// the text.
    static let maintenance = Decoder(
        "maintenance", sources: ["Ledger/MaintenanceNote.swift"],
        seeds: {
            let note = try MaintenanceNote(
                kiosk: "kiosk-1", number: 1_800_000_000_000, technician: "t-1", from: 1_800_000_000,
                until: 1_800_003_600, permissions: MaintenancePermission.allCases, signedAs: Known.collector,
                with: Known.collectorKey)
            let text = note.serialized.split(separator: "—", maxSplits: 1)[0].dropLast()
            return [
                Data(note.serialized), Data(String(text)), Data("otsenka/maintenance/kiosk-2\n1\nt\n0\n1\nrestart\n"),
            ]
        },
        take: { data in
            let text = data.text
            read(text)
            guard text.utf8.last == UInt8(ascii: "\n") else { return }
            var note = SignedNote(text: text)
            guard (try? note.sign(as: Known.collector, with: Known.collectorKey)) != nil else { return }
            read(note.serialized)
        })

    private static func read(_ text: String) {
        guard
            let note = try? MaintenanceNote(
                text, for: "kiosk-1", of: Known.collector, by: Known.collectorKey.publicKey)
        else { return }
        require(note.serialized == text && note.kiosk == "kiosk-1", "reads another note than was signed")
        require(!note.permissions.isEmpty && note.number > 0, "lets a visit without a purpose or a number through")
        require(
            (1...MaintenanceNote.maximumSeconds).contains(note.until - note.from), "lets a visit of any length through")
        for clock in [0, note.from, note.until - 1, note.until, .max] as [Int64] {
            for trust in [MaintenanceClock.Trust.proved, .synced, .unvouched] {
                guard let left = try? note.seconds(at: MaintenanceClock(seconds: clock, trust: trust)) else { continue }
                require((1...MaintenanceNote.maximumSeconds).contains(left), "gives a visit \(left) s")
                require(clock < note.until, "opens a visit that is over")
            }
        }
    }
}
