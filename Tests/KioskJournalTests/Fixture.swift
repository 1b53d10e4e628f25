import FoundationEssentials
import Glibc
import Ledger
import Ratings
import Testing

@testable import KioskJournal

/// A journal directory in a temporary folder, with a collector that signs receipts. Removed at the end.
final class Fixture {
    let directory: String
    let collectorKey: SigningKey
    var limits: JournalLimits
    var bootMilliseconds: Int64 = 1000

    init(limits: JournalLimits = Fixture.smallLimits, under parent: String = "/tmp") throws {
        var template = Array("\(parent)/otsenka-journal-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw JournalError.io(path: parent, operation: "mkdtemp", code: "\(errno)")
        }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        collectorKey = try SigningKey(seed: Data(repeating: 7, count: 32))
        self.limits = limits
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// The defaults, but with a ballast that tests can afford.
    static var smallLimits: JournalLimits {
        var limits = JournalLimits()
        limits.ballastBytes = 64 << 10
        return limits
    }

    var files: JournalFiles { JournalFiles(directory: directory) }

    func stamp() -> RecordStamp {
        bootMilliseconds += 7
        return RecordStamp(bootMilliseconds: bootMilliseconds, wall: "2026-11-22T08:27:08.123Z", clock: .free)
    }

    func open() throws(JournalError) -> Journal { try Journal.open(directory: directory, limits: limits) }

    func openOrQuarantine() throws(JournalError) -> Journal {
        try Journal.openOrQuarantine(directory: directory, at: stamp(), limits: limits)
    }

    func enrolment(_ journal: Journal, kiosk: String = "hall-7.kiosk-2", epoch: Int = 1) throws -> JournalEnrolment {
        JournalEnrolment(
            kiosk: try #require(KioskID(rawValue: kiosk)), epoch: epoch, journalKey: journal.publicKey,
            collector: "https://collector.example:8443", collectorName: "collector.example",
            receiptKey: collectorKey.publicKey, collectorNonce: "bm9uY2U")
    }

    /// Opens the journal and enrols it in epoch 1.
    func enrolled() throws -> Journal {
        let journal = try open()
        try journal.enrol(try enrolment(journal))
        return journal
    }

    /// Stores `count` answers.
    @discardableResult
    func append(_ count: Int, to journal: Journal) throws -> [AppendedRecord] {
        try (0..<count).map { index in
            try journal.append(.answer(Self.answer(index)), at: stamp())
        }
    }

    static func answer(_ index: Int) -> Answer {
        Answer(
            session: SessionID(bits: UInt64(index)), question: "overall", value: index % 5 + 1, language: "ru",
            elapsedMilliseconds: 1500 + index)
    }

    /// The collector's receipt for a checkpoint.
    func receipt(
        for checkpoint: String, journal: Journal, time: UInt64 = 1_800_000_000, name: String = "collector.example",
        key: SigningKey? = nil
    ) throws -> String {
        let enrolment = try #require(journal.enrolment)
        var note = try Checkpoint(parsing: checkpoint, kiosk: enrolment.kiosk.rawValue, key: journal.publicKey)
        try note.cosign(as: name, with: key ?? collectorKey, time: time)
        return note.serialized
    }

    /// Hands out everything that waits and takes the collector's receipts for it.
    func deliver(_ journal: Journal, time: UInt64 = 1_800_000_000) throws {
        while let batch = try journal.batch() {
            _ = try journal.accept(receipt: try receipt(for: batch.checkpoint, journal: journal, time: time))
        }
    }
}
