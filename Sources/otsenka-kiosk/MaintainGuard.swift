import FoundationEssentials
import Glibc
import KioskControl
import Ledger
import Ratings

/// A request that the visit does not allow, or a visit that is not believed.
struct MaintainRefused: Error {
    var reason: String
}

/// Judges a request by what root itself remembers. `run` has judged the visit before; here nothing of that is believed.
///
/// In the folder stand `pin` (kiosk, collector, receipt key) and `visit` (the newest visit that a verb was asked in, and when
/// it was first). A note counts in the boot in which it was first seen, for as long as it says from then on by the boot
/// clock, and never after a later one. Where the time service has set the clock, it counts in its time only.
struct MaintainGuard {
    let folder: String

    /// What a believed visit says of a verb.
    struct Allowed {
        var kiosk: KioskID
        /// What may be read from a stick.
        var items: [StickItem]
    }

    /// The clocks of the machine.
    struct Now {
        var boot: String
        var bootSeconds: Int64
        /// Seconds since 1970, where the time service has set the clock.
        var synced: Int64?

        static func now() -> Now {
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            let boot =
                (try? String(contentsOf: URL(filePath: "/proc/sys/kernel/random/boot_id"), encoding: .utf8)) ?? ""
            let isSynced = access("/run/systemd/timesync/synchronized", F_OK) == 0
            return Now(
                boot: boot.filter { !$0.isNewline }, bootSeconds: Int64(time.tv_sec),
                synced: isSynced ? Int64(Glibc.time(nil)) : nil)
        }
    }

    private struct Pinned: Codable {
        var kiosk: KioskID
        var collector: String
        var receiptKey: PublicKey
    }

    private struct Seen: Codable {
        var number: Int64
        var boot: String
        var bootSeconds: Int64
    }

    private var pinFile: String { folder + "/pin" }
    private var visitFile: String { folder + "/visit" }

    /// Pins the collector of an enrolment.
    func pin(_ identity: KioskIdentity) throws {
        try write(
            Pinned(kiosk: identity.kiosk, collector: identity.collectorName, receiptKey: identity.receiptKey),
            to: pinFile)
    }

    /// Gives what the request's visit says of its verb, when it allows it now. Throws `MaintainRefused`, and `Failure` when the
    /// folder fails.
    func allow(_ request: MaintainRequest, at now: Now) throws -> Allowed {
        guard var pinned: Pinned = read(pinFile) else {
            throw MaintainRefused(
                reason:
                    "nobody's visits are believed here yet; run otsenka-kiosk maintain pin as root, once it is enrolled"
            )
        }
        let steps = request.successions.prefix(KeySuccession.maximumCount).compactMap {
            try? KeySuccession(parsing: $0)
        }
        let newest =
            KeySuccession.keys(.receipt, of: pinned.collector, from: pinned.receiptKey, over: steps).last
            ?? pinned.receiptKey
        let note: MaintenanceNote
        do throws(MaintenanceRefusal) {
            note = try MaintenanceNote(
                request.visit, for: pinned.kiosk.rawValue, of: pinned.collector, by: newest)
            if let synced = now.synced { _ = try note.seconds(at: MaintenanceClock(seconds: synced, trust: .synced)) }
        } catch { throw MaintainRefused(reason: "\(error)") }
        if newest != pinned.receiptKey {
            pinned.receiptKey = newest
            try write(pinned, to: pinFile)
        }
        try admit(note, now)
        guard note.allows(request.verb) else {
            let allowed = note.permissions.map(\.rawValue).joined(separator: ", ")
            throw MaintainRefused(reason: "the visit of technician \(note.technician) allows only \(allowed)")
        }
        let items: [(MaintenancePermission, StickItem)] = [
            (.installUpdate, .update), (.setNetwork, .network), (.readStick, .receipts),
        ]
        return Allowed(
            kiosk: pinned.kiosk, items: items.filter { note.permissions.contains($0.0) }.map(\.1))
    }

    private func admit(_ note: MaintenanceNote, _ now: Now) throws {
        let seen: Seen? = read(visitFile)
        if seen == nil, access(visitFile, F_OK) == 0 {
            throw MaintainRefused(reason: "\(visitFile) cannot be read; take it away, and let no old note be used")
        }
        guard let seen, note.number <= seen.number else {
            return try write(Seen(number: note.number, boot: now.boot, bootSeconds: now.bootSeconds), to: visitFile)
        }
        guard note.number == seen.number, now.boot == seen.boot else {
            throw MaintainRefused(reason: "\(MaintenanceRefusal.used(number: note.number))")
        }
        let over = now.bootSeconds - seen.bootSeconds - (note.until - note.from)
        guard over <= 0 else { throw MaintainRefused(reason: "the visit ended \(over) s ago by the boot clock") }
    }

    private func read<Value: Decodable>(_ path: String) -> Value? {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        return try? JSONDecoder().decode(Value.self, from: data)
    }

    /// Whole or not at all, and durable.
    private func write(_ value: some Encodable, to path: String) throws {
        let failed = { (what: String) in
            Failure(
                status: 74,
                message: "cannot \(what) \(path) (\(String(cString: strerror(errno)))); check the data partition")
        }
        let data = try JSONEncoder().encode(value)
        mkdir(folder, 0o700)
        let new = path + ".new"
        let file = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failed("create") }
        let written = data.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        let isDurable = written == data.count && fsync(file) == 0
        guard close(file) == 0, isDurable, rename(new, path) == 0 else { throw failed("write") }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failed("open the folder of") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw failed("make durable") }
    }
}

extension MaintenanceNote {
    /// Reading is allowed for the sake of what is read, and an update needs a new start.
    func allows(_ verb: MaintainVerb) -> Bool {
        let enough: [MaintenancePermission] =
            switch verb {
            case .setNetwork: [.setNetwork]
            case .setClock: [.setClock]
            case .readStick: [.readStick, .installUpdate, .setNetwork]
            case .writeStick: [.writeStick]
            case .installUpdate: [.installUpdate]
            case .restart: [.restart, .installUpdate]
            }
        return enough.contains(where: permissions.contains)
    }
}
