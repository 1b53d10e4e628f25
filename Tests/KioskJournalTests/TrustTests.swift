import FoundationEssentials
import Ledger
import Ratings
import Testing

@testable import KioskJournal

/// A kiosk follows the keys of others, from those it was given, as far as signatures lead.
@Suite struct TrustTests {
    private let fixture: Fixture
    private let name = "collector.example"
    private let keys = (0..<4).map { _ in SigningKey() }

    init() throws { fixture = try Fixture() }

    /// From the fixture's collector key over `keys[0]`, `keys[1]` …
    private func receipts(_ count: Int) throws -> [KeySuccession] {
        var old = fixture.collectorKey
        return try (0..<count).map { index in
            defer { old = keys[index] }
            return try KeySuccession(
                .receipt, of: name, generation: index + 2, from: old.publicKey, to: keys[index], time: 1,
                signedBy: [old])
        }
    }

    private func follow(
        _ steps: [KeySuccession], _ journal: Journal, roots: [PublicKey] = []
    ) throws -> TrustedKeys {
        try journal.follow(steps.map(\.serialized), releaseRoots: roots, at: fixture.stamp())
    }

    @Test("Offline through two changes of the receipt key: followed, on record, and still known after a start")
    func twoHops() throws {
        var journal = try fixture.enrolled()
        try fixture.append(2, to: journal)
        try fixture.deliver(journal)
        try fixture.append(1, to: journal)
        let batch = try #require(try journal.batch())
        let receipt = try fixture.receipt(for: batch.checkpoint, journal: journal, key: keys[1])
        #expect(throws: JournalError.self) { try journal.accept(receipt: receipt) }
        #expect(try follow(receipts(2).reversed(), journal).receiptKey == keys[1].publicKey)
        #expect(try journal.accept(receipt: receipt).sequence == 3)
        #expect(journal.head?.sequence == 5)
        // The same again changes nothing.
        #expect(try follow(receipts(2), journal).receiptKey == keys[1].publicKey)
        #expect(journal.head?.sequence == 5)
        // The old key counts no more.
        let next = try #require(try journal.batch())
        #expect(throws: JournalError.self) {
            try journal.accept(receipt: try fixture.receipt(for: next.checkpoint, journal: journal))
        }
        try journal.close()
        journal = try fixture.open()
        #expect(journal.facts.receiptKey == keys[1].publicKey)
        #expect(try journal.accept(receipt: reissued(journal)).sequence == 5)
    }

    private func reissued(_ journal: Journal) throws -> String {
        try fixture.receipt(for: try #require(try journal.batch()).checkpoint, journal: journal, key: keys[1])
    }

    @Test("A lost store does not bring the old receipt key back")
    func lost() throws {
        let journal = try fixture.enrolled()
        try fixture.append(2, to: journal)
        try fixture.deliver(journal)
        _ = try follow(receipts(3), journal)
        try journal.close()
        try FileManager.default.removeItem(atPath: fixture.files.store)
        let anew = try fixture.openOrQuarantine()
        #expect(anew.facts.receiptKey == keys[2].publicKey)
        guard case .loss(let loss) = try Record(line: Data(try #require(try anew.newest(1).first).utf8)).body else {
            Issue.record("the first record is a loss")
            return
        }
        #expect(loss.receiptedSequence == 2)
    }

    @Test("What a stranger signed leads nowhere and is not put on record")
    func stranger() throws {
        let journal = try fixture.enrolled()
        let forged = try KeySuccession(
            .receipt, of: name, generation: 2, from: fixture.collectorKey.publicKey, to: keys[0], time: 1,
            signedBy: [keys[3]])
        let other = try KeySuccession(
            .receipt, of: "other.example", generation: 2, from: fixture.collectorKey.publicKey, to: keys[0], time: 1,
            signedBy: [fixture.collectorKey])
        let pin = try KeySuccession(
            pinOf: name, generation: 2, from: KeySuccession.authorityDigest("a"),
            to: KeySuccession.authorityDigest("b"), time: 1, signedBy: keys[3])
        let trusted = try follow([forged, other, pin], journal)
        #expect(trusted.receiptKey == fixture.collectorKey.publicKey && trusted.authority == nil)
        #expect(journal.head?.sequence == 0)
        #expect(throws: Never.self) { try journal.follow(["nonsense", ""], releaseRoots: [], at: fixture.stamp()) }
    }

    @Test("A pin counts by the newest receipt key alone, and only forwards")
    func pin() throws {
        let journal = try fixture.enrolled()
        func pin(_ generation: Int, by key: SigningKey) throws -> KeySuccession {
            try KeySuccession(
                pinOf: name, generation: generation, from: KeySuccession.authorityDigest("0"),
                to: KeySuccession.authorityDigest("\(generation)"), time: 1, signedBy: key)
        }
        let steps = try receipts(1)
        #expect(try follow(steps + [pin(9, by: fixture.collectorKey)], journal).authority == nil)
        #expect(
            try follow([pin(3, by: keys[0])], journal).authority == KeySuccession.authorityDigest("3"))
        #expect(
            try follow([pin(2, by: keys[0])], journal).authority == KeySuccession.authorityDigest("3"))
    }

    @Test("Release keys follow from those of the image over two changes while the kiosk was offline")
    func release() throws {
        let journal = try fixture.enrolled()
        let steps = try [(0, 1), (1, 2)].map { old, new in
            try KeySuccession(
                .release, of: "otsenka.release", generation: new + 1, from: keys[old].publicKey, to: keys[new],
                time: 1, signedBy: [keys[old]])
        }
        let others = SigningKey().publicKey
        #expect(
            try follow(steps, journal, roots: [keys[0].publicKey, others]).releaseKeys
                == [others, keys[2].publicKey])
        #expect(try follow(steps, journal, roots: [others]).releaseKeys == [others])
        #expect(try journal.trusted(releaseRoots: [keys[0].publicKey]).releaseKeys == [keys[2].publicKey])
        #expect(journal.head?.sequence == 2)
    }
}
