import FoundationEssentials
import Ledger
import Ratings
import Testing

@testable import KioskJournal

/// The journal key changes; a kill at each step leaves a kiosk that works.
@Suite struct JournalKeyTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func change(_ journal: Journal) throws {
        try journal.changeKey(at: fixture.stamp(), seconds: 1_795_336_800)
    }

    /// Checkpoints count as a collector counts them, that begins with the key of the genesis.
    private func check(_ journal: Journal, first: PublicKey) throws {
        let enrolment = try #require(journal.enrolment)
        var keys = JournalKeys(kiosk: enrolment.kiosk.rawValue, first: first)
        let batch = try #require(try journal.batch(epoch: enrolment.epoch, first: 1))
        for (index, line) in batch.lines.enumerated() {
            guard case .key(let change) = try Record(line: Data(line.utf8)).body, change.purpose == .journal else {
                continue
            }
            try keys.take(try KeySuccession(parsing: try #require(change.note)), at: batch.first + Int64(index))
        }
        for sequence in 1...batch.last {
            #expect(try Checkpoint(parsing: journal.checkpoint(sequence), keys: keys).head.sequence == sequence)
        }
        #expect(keys.current == journal.publicKey)
    }

    @Test func eachRecordIsSignedWithItsOwnKeyOverAnyNumberOfStarts() throws {
        var journal = try fixture.enrolled()
        let first = journal.publicKey
        for _ in 0..<3 {
            try fixture.append(2, to: journal)
            try change(journal)
            try fixture.append(1, to: journal)
            try check(journal, first: first)
            try journal.close()
            journal = try fixture.open()
            try check(journal, first: first)
            try fixture.deliver(journal)
        }
        #expect(journal.publicKey != first)
        #expect(try journal.verify() == .intact(records: 12, head: try #require(journal.head)))
    }

    @Test(
        "A kill after each step of a change",
        arguments: ["new key written", "record stored", "successions written", "all"])
    func kill(after step: String) throws {
        let journal = try fixture.enrolled()
        let first = journal.publicKey
        try fixture.append(3, to: journal)
        let before = try Snapshot(fixture.directory)
        try change(journal)
        let after = try Snapshot(fixture.directory)
        try journal.close()
        var files = after.files
        switch step {
        case "new key written":
            files = before.files
            files["journal.key-2"] = after.files["journal.key-2"]
        case "record stored":
            files["journal.successions"] = before.files["journal.successions"]
            files["enrolment.note"] = before.files["enrolment.note"]
        case "successions written": files["enrolment.note"] = before.files["enrolment.note"]
        default: break
        }
        try Snapshot(files: files).write(to: fixture.directory)
        let opened = try fixture.open()
        #expect(opened.setAside == nil)
        #expect((opened.publicKey == first) == (step == "new key written"))
        try fixture.append(1, to: opened)
        try check(opened, first: first)
        try change(opened)
        try check(opened, first: first)
        try fixture.deliver(opened)
        try opened.close()
        // And now the store is lost: the next epoch begins under the first key and repeats the changes.
        try FileManager.default.removeItem(atPath: fixture.files.store)
        let anew = try fixture.openOrQuarantine()
        #expect(anew.enrolment?.epoch == 2 && anew.enrolment?.journalKey == first)
        #expect(
            anew.publicKey
                == (try #require(JournalKeyRing.load(fixture.files, mayCreate: false).keys.last).key.publicKey))
        try check(anew, first: first)
    }

    /// Each prefix of the write-ahead log is what a power cut may leave of the opening of the next epoch.
    @Test func aPowerCutWhileALossIsOpenedKeepsTheChangedKey() throws {
        let journal = try fixture.enrolled()
        try change(journal)
        let newest = journal.publicKey
        try journal.close()
        try FileManager.default.removeItem(atPath: fixture.files.store)
        let before = try Snapshot(fixture.directory)
        let anew = try fixture.openOrQuarantine()
        let after = try Snapshot(fixture.directory)
        try anew.close()
        let log = try #require(after.files["journal.db-wal"])
        // A header of 32 bytes, then frames of 24 bytes and a page.
        for frames in 0...(log.count - 32) / 4120 {
            var files = before.files
            files["journal.db"] = after.files["journal.db"]
            files["journal.db-wal"] = log.prefix(32 + frames * 4120)
            try Snapshot(files: files).write(to: fixture.directory)
            let opened = try fixture.openOrQuarantine()
            #expect(opened.publicKey == newest, "\(frames) frames")
            try opened.close()
        }
    }

    @Test func aLossIsSentTogetherWithTheChangesOfTheKey() throws {
        let journal = try fixture.enrolled()
        for _ in 0..<3 { try change(journal) }
        try journal.close()
        try FileManager.default.removeItem(atPath: fixture.files.store)
        let anew = try fixture.openOrQuarantine()
        try fixture.append(2, to: anew)
        let batch = try #require(try anew.batch(maximumRecords: 1, maximumBytes: 1))
        #expect(batch.first == 1 && batch.last == 4)
        #expect(try anew.batch(first: 2, maximumRecords: 1)?.last == 2)
    }

    @Test func recordsFromBeforeAChangeAreReceiptedAfterAnEnrolment() throws {
        let journal = try fixture.enrolled()
        try fixture.append(3, to: journal)
        try change(journal)
        try journal.enrol(try fixture.enrolment(journal, epoch: 2))
        let batch = try #require(try journal.batch(epoch: 1, first: 1, maximumRecords: 2))
        var note = try SignedNote(parsing: batch.checkpoint)
        try note.cosign(as: "collector.example", with: fixture.collectorKey, time: 1_800_000_000)
        #expect(try journal.accept(receipt: note.serialized).sequence == 2)
    }

    @Test func aChangedKeyEnrolsAnewAndOlderEpochsAreStillSent() throws {
        let journal = try fixture.enrolled()
        try fixture.append(3, to: journal)
        try change(journal)
        let second = journal.publicKey
        try journal.enrol(try fixture.enrolment(journal, epoch: 2))
        #expect(journal.publicKey == second)
        try fixture.append(2, to: journal)
        #expect(journal.unsent == 6)
        try change(journal)
        #expect(journal.publicKey != second)
        try check(journal, first: second)
    }

    @Test func aKeyThatIsMissingStopsTheKioskAndSaysSo() throws {
        let journal = try fixture.enrolled()
        try change(journal)
        try journal.close()
        try FileManager.default.removeItem(atPath: fixture.files.key(2))
        #expect(throws: JournalError.self) { try fixture.open() }
    }

    @Test func aTransportKeyIsVouchedForOnceAndOnRecord() throws {
        let journal = try fixture.enrolled()
        try change(journal)
        let (old, new) = (SigningKey(), SigningKey())
        #expect(journal.nextTransportGeneration == 2)
        let own = try KeySuccession(
            .transport, of: "hall-7.kiosk-2", generation: 2, from: old.publicKey, to: new, time: 1, signedBy: [])
        let vouched = try journal.vouch(for: own.serialized, at: fixture.stamp())
        try vouched.verify(by: journal.publicKey)
        #expect(journal.nextTransportGeneration == 3 && journal.head?.sequence == 2)
        #expect(throws: JournalError.self) { try journal.vouch(for: own.serialized, at: fixture.stamp()) }
    }
}

/// The files of a directory, as a power cut would leave them.
private struct Snapshot {
    var files: [String: Data]

    init(files: [String: Data]) { self.files = files }

    init(_ directory: String) throws {
        files = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) where !name.hasSuffix(".ballast") {
            files[name] = try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))
        }
    }

    func write(to directory: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
        for (name, data) in files {
            let path = "\(directory)/\(name)"
            _ = FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: 0o600])
        }
    }
}
