import Foundation
import Glibc
import RealPrograms
import SeededRandom
import Torture

/// G34: TLS works with any clock and is never switched off. A table of certificates and clocks over a real collector, a
/// real `run` and a real uplink: the kiosk connects where it should and nowhere else.
enum WrongCertificates {
    static let promise = "G34 certificates and clocks"
    static let torture = Torture(promise, tries: 54) { try await run($0) }

    /// How the kiosk's wall clock stands.
    enum Clock: CaseIterable {
        case nineteenSeventy, right, rightAndSynchronised, tenYearsAhead, tenYearsAheadAndSynchronised, tenYearsBack

        var isSynchronised: Bool { self == .rightAndSynchronised || self == .tenYearsAheadAndSynchronised }

        /// How far it is ahead of the true time, seconds.
        func ahead(at now: Int64) -> Int64 {
            switch self {
            case .nineteenSeventy: 100 - now
            case .right, .rightAndSynchronised: 0
            case .tenYearsAhead, .tenYearsAheadAndSynchronised: 3653 * 86_400
            case .tenYearsBack: -3653 * 86_400
            }
        }
    }

    /// What the collector shows.
    enum Shown: CaseIterable {
        case good, shortLived, endedLongAgo, endedBeforeTheFloor, endedAfterTheFloor, notYetBegun, otherName
        case otherAuthority, pretendingAuthority

        var isForeign: Bool { self == .otherName || self == .otherAuthority || self == .pretendingAuthority }

        /// From and to, seconds since 1970.
        func dates(now: Int64, floor: Int64) -> (from: Int64, to: Int64) {
            switch self {
            case .good, .otherName, .otherAuthority, .pretendingAuthority: (946_684_800, 4_000_000_000)
            case .shortLived: (floor - 86_400, now + 90 * 86_400)
            case .endedLongAgo: (1_577_836_800, 1_609_459_200)
            case .endedBeforeTheFloor: (1_577_836_800, floor - 60)
            case .endedAfterTheFloor: (1_577_836_800, floor + 60)
            case .notYetBegun: (now + 30 * 86_400, 4_000_000_000)
            }
        }
    }

    struct Row {
        var clock: Clock
        var shown: Shown

        /// The rule of G34: judged at the wall clock if it is synchronised, and never before the floor.
        func isTrusted(now: Int64, floor: Int64) -> Bool {
            if shown.isForeign { return false }
            let dates = shown.dates(now: now, floor: floor)
            let judged = clock.isSynchronised ? max(now + clock.ahead(at: now), floor) : floor
            return dates.from <= judged && judged <= dates.to
        }
    }

    static let rows = Clock.allCases.flatMap { clock in Shown.allCases.map { Row(clock: clock, shown: $0) } }

    /// `trial.tries` rows of the table, from a place that the seed chooses on; `options` are for an uplink that is wrong
    /// on purpose.
    static func run(_ trial: Trial, uplink: String = "otsenka-kiosk", options: [String] = []) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        let bench = try Bench(at: trial.place)
        let order = shuffled(trial.seed)
        for number in 0..<trial.tries {
            let entry = order[number % order.count]
            // The floor is the last signed time of the collector, an hour ago.
            let floor = WallShim.now / 1000 - 3_600
            let isTrusted = entry.isTrusted(now: WallShim.now / 1000, floor: floor)
            let isTaken = try bench.isTaken(entry, floor: floor, uplink: uplink, options: options)
            if isTaken != isTrusted {
                row.violate("\(entry.clock), \(entry.shown): " + (isTaken ? "connected" : "refused"))
            }
            row.tries += 1
            if !isTaken { row.faults += 1 }
            trial.progress.tell(row, of: trial.tries)
        }
        return row
    }

    private static func shuffled(_ seed: UInt64) -> [Row] {
        var random = SplitMix(seed)
        return rows.shuffled(using: &random)
    }
}

extension WrongCertificates {
    /// One kiosk and one collector, which shows another certificate for each row.
    final class Bench {
        private let kiosk: ClockedKiosk
        private let region: SecureRegion
        private let authority: TortureAuthority
        private let stranger: TortureAuthority
        private let pretender: TortureAuthority

        init(at place: Place) throws {
            region = try SecureRegion("g34-region", at: place)
            kiosk = try ClockedKiosk("g34-1", at: place)
            authority = try TortureAuthority(ofCollectorIn: region.folder)
            stranger = try TortureAuthority()
            pretender = try TortureAuthority(pretendingToBe: authority)
            try region.start()
            try kiosk.start()
            // The pin needs no clock.
            kiosk.wall.ahead = Clock.nineteenSeventy.ahead(at: WallShim.now / 1000) * 1000
            let ticket = try region.ticket("g34-1")
            try kiosk.enrol(at: region.address, code: ticket.code, pin: ticket.pin)
            kiosk.stopRun()
            region.stop()
        }

        /// Whether the uplink talks to the collector.
        func isTaken(_ row: Row, floor: Int64, uplink: String, options: [String]) throws -> Bool {
            let now = WallShim.now / 1000
            let dates = row.shown.dates(now: now, floor: floor)
            let issuer =
                switch row.shown {
                case .otherAuthority: stranger
                case .pretendingAuthority: pretender
                default: authority
                }
            // Over a signature that the known authority has not made OpenSSL may give up before it judges the chain.
            let refusals =
                ["code=CURLE_PEER_FAILED_VERIFICATION"]
                + (row.shown == .pretendingAuthority ? ["code=CURLE_SSL_CONNECT_ERROR"] : [])
            let host = row.shown == .otherName ? "elsewhere.example" : "localhost"
            try region.show(try issuer.issue(host: host, from: dates.from, to: dates.to))
            try region.start()
            defer { region.stop() }
            try Data("\(floor)\n".utf8).write(to: URL(filePath: kiosk.stateFolder + "/time.floor"))
            kiosk.wall.ahead = row.clock.ahead(at: now) * 1000
            try kiosk.start(wrapper: row.clock.isSynchronised ? Self.synchronised : [])
            defer { kiosk.stopRun() }
            try? FileManager.default.removeItem(atPath: kiosk.uplinkLog)
            try kiosk.startUplink(program: uplink, options: options)
            defer { kiosk.stopUplink() }
            return try wait(for: "a word of the uplink", log: kiosk.uplinkLog) { [kiosk] in
                let said = (try? String(contentsOf: URL(filePath: kiosk.uplinkLog), encoding: .utf8)) ?? ""
                if said.contains("the collector takes records") { return true }
                return refusals.contains { said.contains($0) } ? false : nil
            }
        }

        /// systemd-timesyncd's word that it has set the clock, in a mount namespace of its own.
        private static let synchronised = [
            "unshare", "-m", "sh", "-c",
            "mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/timesync && : > /run/systemd/timesync/synchronized && "
                + "exec \"$@\"", "sh",
        ]
    }
}

extension SecureRegion {
    /// What it shows from its next start on.
    func show(_ certificate: ServerCertificate) throws {
        try Data(certificate.certificate.utf8).write(to: URL(filePath: folder + "/server.pem"))
        try Data(certificate.key.utf8).write(to: URL(filePath: folder + "/server.key"))
    }
}
