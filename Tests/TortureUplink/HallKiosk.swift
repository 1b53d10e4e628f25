import FoundationEssentials
import GRDB
import Glibc
import KioskControl
import Ledger
import Ratings
import RealPrograms
import SeededRandom
import UnixSocket

@testable import KioskJournal

/// A kiosk of real programs: `otsenka-kiosk run` on a journal that was filled beforehand, and `hasty-uplink`. Used by one
/// thread.
final class HallKiosk {
    let id: String
    let folder: String
    private let place: Place
    private(set) var run: Child?
    private(set) var uplink: Child?
    var log: String { folder + "/kiosk.log" }
    private var runtime: String { folder + "/run" }
    private var data: String { folder + "/data" }

    /// Enrols it at `collector`; its programs are not running then.
    init(_ id: String, at place: Place, collector: String, code: String, pin: String? = nil) throws {
        self.id = id
        self.place = place
        folder = try place.subfolder(id)
        let settings = """
            data: \(folder)/data
            runtime: \(folder)/run
            display:
              backend: headless
              mode: 320x240

            """
        try Data(settings.utf8).write(to: URL(filePath: folder + "/kiosk.yaml"))
        try startRun()
        try Data((code + "\n").utf8).write(to: URL(filePath: folder + "/code"))
        _ = try Child.output(
            [
                place.program("otsenka-kiosk"), "enrol", "--runtime-dir", runtime, "--state-dir", folder + "/uplink",
                "--allow-plain-loopback", "--collector", collector, "--code-file", folder + "/code",
            ] + (pin.map { ["--pin", $0] } ?? []), log: folder + "/enrol.log")
        stopRun()
    }

    /// Starts `otsenka-kiosk run` and waits until it answers.
    func startRun() throws {
        run = try Child(
            [place.program("otsenka-kiosk"), "run", "--settings", folder + "/kiosk.yaml"], log: log)
        _ = try wait(for: "the kiosk \(id)", log: log) { try? status() }
    }

    func startUplink(_ options: [String] = []) throws {
        uplink = try Child(
            [place.program("hasty-uplink"), "--runtime-dir", runtime, "--state-dir", folder + "/uplink"] + options,
            log: folder + "/uplink.log")
    }

    func stopRun(_ signal: Int32 = SIGTERM) {
        run?.end(signal)
        run = nil
    }

    func stopUplink(_ signal: Int32 = SIGKILL) {
        uplink?.end(signal)
        uplink = nil
    }

    func stop() {
        stopUplink()
        stopRun()
    }

    func status() throws -> KioskStatus {
        let reply = try Client.call(
            path: runtime + "/control.sock", message: ControlCoding.encode(CommandRequest.status),
            server: ServerName(program: "otsenka-kiosk run", unit: "otsenka-kiosk.service"),
            maximumBytes: ControlCoding.maximumBytes, timeoutMilliseconds: 10_000)
        guard case .status(let status) = try ControlCoding.decode(CommandAnswer.self, from: reply) else {
            throw ChildError("\(id) tells no status; see \(log)")
        }
        return status
    }

    /// The newest collector's time that the uplink keeps, seconds since 1970.
    var timeFloor: Int64? {
        let text = try? String(contentsOf: URL(filePath: folder + "/uplink/time.floor"), encoding: .utf8)
        return text.flatMap { Int64($0.filter(\.isNumber)) }
    }

    /// The journal itself, while no program has it open.
    func withJournal<Value>(_ use: (Journal) throws -> Value) throws -> Value {
        let journal = try Journal.open(directory: data)
        let value = try use(journal)
        try journal.close()
        return value
    }
}

/// What a kiosk has thanked for: the side of the comparison that no fault touches.
struct Thanked: Sendable {
    /// Of the present epoch, by sequence.
    var hashes: [Int64: ChainHash] = [:]
    /// The mark of each session; none where nobody answered.
    var marks: [SessionID: Int?] = [:]
}

extension HallKiosk {
    /// Stores whole dialogs until there are `count` more records.
    func fill(
        records count: Int, random: inout SplitMix, millisecondsBetween pause: Int64 = 2_000
    ) throws -> Thanked {
        try withJournal { journal in
            try journal.withoutWaitingForTheDisk()
            var thanked = Thanked()
            try journal.fill(records: count, random: &random, millisecondsBetween: pause, into: &thanked)
            return thanked
        }
    }

    /// The lines of the present epoch as the journal holds them, record 1 first; what is gone shows as a shorter list.
    func journalLines() throws -> [Data] {
        try withJournal { journal in
            var lines: [Data] = []
            while let batch = try journal.batch(epoch: journal.head?.epoch, first: Int64(lines.count) + 1) {
                lines += batch.lines.map { Data($0.utf8) }
            }
            return lines
        }
    }
}

extension Journal {
    /// Stores whole dialogs until there are `count` more records.
    func fill(
        records count: Int, random: inout SplitMix, millisecondsBetween pause: Int64 = 2_000,
        into thanked: inout Thanked
    ) throws {
        let end = (head?.sequence ?? 0) + Int64(count)
        var clock = 10_000 + 700 * (head?.sequence ?? 0)
        func append(_ body: RecordBody) throws {
            clock += 700
            let stamp = RecordStamp(bootMilliseconds: clock, wall: "2026-11-22T08:00:00.000Z", clock: .free)
            let record = try self.append(body, at: stamp)
            thanked.hashes[record.sequence] = record.hash
        }
        while (head?.sequence ?? end) < end {
            clock += pause
            let session = SessionID(bits: random.next())
            let mark = random.next() % 5 == 0 ? nil : Int(1 + random.next() % 5)
            try append(
                .shown(Shown(session: session, questionnaire: "default@1", language: "ru", visit: .unsolicited)))
            if let mark {
                try append(
                    .answer(
                        Answer(
                            session: session, question: "overall", value: mark, language: "ru",
                            elapsedMilliseconds: 900)))
            }
            let outcome: Outcome = mark == nil ? .timeout : .answered
            try append(.session(SessionEnd(session: session, outcome: outcome, durationMilliseconds: 1500)))
            thanked.marks.updateValue(mark, forKey: session)
        }
    }

    /// For filling only: the journal is closed, and so made durable, before anything depends on it.
    func withoutWaitingForTheDisk() throws {
        try access("hurry") { try $0.execute(sql: "PRAGMA synchronous = OFF") }
    }
}
