import FoundationEssentials
import Testing

@testable import Ledger

@Suite struct KeySuccessionTests {
    private let keys = (1...6).map { byte in
        // Any 32 bytes are a seed.
        (try? SigningKey(seed: Data(repeating: UInt8(byte), count: 32))) ?? SigningKey()
    }

    private func step(
        _ old: Int, _ new: Int, generation: Int, role: KeyRole = .receipt, subject: String = "perm.example",
        signer: Int? = nil
    ) throws -> KeySuccession {
        try KeySuccession(
            role, of: subject, generation: generation, from: keys[old].publicKey, to: keys[new],
            time: 1_795_336_800, signedBy: [keys[signer ?? old]])
    }

    @Test func aSuccessionSaysWhatItSaysAndBothKeysSignedIt() throws {
        let made = try step(0, 1, generation: 2)
        let read = try KeySuccession(parsing: made.serialized)
        #expect(read == made)
        try read.verify(by: keys[0].publicKey)
        #expect(read.newKey == keys[1].publicKey && read.oldKey == keys[0].publicKey)
        #expect(read.serialized.hasPrefix("otsenka/key/receipt/perm.example\n2\n"))
    }

    @Test func onlyTheOldKeyVouches() throws {
        let stranger = try step(0, 1, generation: 2, signer: 2)
        #expect(throws: SuccessionError.unsigned) { try stranger.verify(by: keys[0].publicKey) }
        // A valid signature by a key that is not the old one says nothing.
        #expect(throws: SuccessionError.unsigned) { try stranger.verify(by: keys[2].publicKey) }
    }

    @Test func aNewKeyThatNobodyHoldsIsRefused() throws {
        let made = try step(0, 1, generation: 2)
        var note = SignedNote(text: String(made.serialized.prefix { $0 != "—" }.dropLast()))
        try note.sign(as: "perm.example", with: keys[0])
        #expect(throws: SuccessionError.unproved) { try KeySuccession(parsing: note.serialized) }
    }

    @Test(
        "Any other spelling is not a succession",
        arguments: [("\n2\n", "\n02\n"), ("\n2\n", "\n1\n"), ("receipt/", "nothing/"), ("receipt/", "receipt/x/")])
    func spelling(of text: String, as other: String) throws {
        let made = try step(0, 1, generation: 2).serialized
        let changed = made.replacing(text, with: other)
        #expect(changed != made)
        #expect(throws: SuccessionError.self) { try KeySuccession(parsing: changed) }
    }

    @Test func thePathLeadsOverAnyNumberOfHopsInAnyOrder() throws {
        let steps = try [step(2, 3, generation: 5), step(0, 1, generation: 2), step(1, 2, generation: 3)]
        let known = KeySuccession.keys(
            .receipt, of: "perm.example", from: keys[0].publicKey, over: steps)
        #expect(known == keys[0...3].map(\.publicKey))
        #expect(
            KeySuccession.keys(.receipt, of: "perm.example", from: keys[2].publicKey, over: steps)
                == keys[2...3].map(\.publicKey))
        #expect(KeySuccession.path(.receipt, of: "other.example", from: keys[0].publicKey, over: steps).isEmpty)
        #expect(KeySuccession.path(.release, of: "perm.example", from: keys[0].publicKey, over: steps).isEmpty)
    }

    @Test func aCircleEnds() throws {
        let steps = try [step(0, 1, generation: 2), step(1, 0, generation: 3), step(0, 2, generation: 2)]
        #expect(KeySuccession.path(.receipt, of: "perm.example", from: keys[0].publicKey, over: steps).count <= 3)
    }

    @Test func aSuccessionOfAStrangerLeadsNowhere() throws {
        let steps = try [step(0, 1, generation: 2, signer: 4), step(1, 2, generation: 3)]
        #expect(KeySuccession.path(.receipt, of: "perm.example", from: keys[0].publicKey, over: steps).isEmpty)
    }

    @Test func severalStandInOneText() throws {
        let steps = try [step(0, 1, generation: 2), step(1, 2, generation: 3)]
        let pin = try KeySuccession(
            pinOf: "perm.example", generation: 2, from: KeySuccession.authorityDigest("old"),
            to: KeySuccession.authorityDigest("new"), time: 1, signedBy: keys[2])
        #expect(try KeySuccession.split(KeySuccession.join(steps + [pin])) == steps + [pin])
        #expect(try KeySuccession.split("").isEmpty)
        #expect(throws: SuccessionError.malformed) {
            try KeySuccession.split(String(KeySuccession.join(steps).dropLast(5)))
        }
        try pin.verify(by: keys[2].publicKey)
        #expect(throws: SuccessionError.unsigned) { try pin.verify(by: keys[1].publicKey) }
    }

    @Test func theJournalsKeyIsKnownAtEveryRecord() throws {
        var known = JournalKeys(kiosk: "hall-1", first: keys[0].publicKey)
        try known.take(step(0, 1, generation: 2, role: .journal, subject: "hall-1"), at: 10)
        try known.take(step(1, 2, generation: 3, role: .journal, subject: "hall-1"), at: 20)
        #expect([1, 9, 10, 19, 20, 99].map { known.key(at: $0) } == [0, 0, 1, 1, 2, 2].map { keys[$0].publicKey })
        #expect(known.before(20).current == keys[1].publicKey)
        let wrong = try [
            step(1, 3, generation: 4, role: .journal, subject: "hall-1"),
            step(2, 3, generation: 3, role: .journal, subject: "hall-1"),
            step(2, 3, generation: 4, role: .transport, subject: "hall-1"),
            step(2, 3, generation: 4, role: .journal, subject: "hall-2"),
            step(2, 3, generation: 4, role: .journal, subject: "hall-1", signer: 1),
        ]
        for succession in wrong {
            #expect(throws: SuccessionError.self) { try known.take(succession, at: 30) }
        }
        #expect(known.changes.count == 2)
    }

    @Test func aCheckpointCountsByTheKeyOfItsRecord() throws {
        var known = JournalKeys(kiosk: "hall-1", first: keys[0].publicKey)
        try known.take(step(0, 1, generation: 2, role: .journal, subject: "hall-1"), at: 10)
        let hash = ChainHash(of: Data())
        func note(_ sequence: Int64, _ signers: [Int]) throws -> String {
            let head = ChainHead(kiosk: "hall-1", epoch: 1, sequence: sequence, hash: hash)
            return try Checkpoint(head: head, signedWith: signers.map { keys[$0] }).serialized
        }
        #expect(try Checkpoint(parsing: note(9, [0]), keys: known).head.sequence == 9)
        #expect(try Checkpoint(parsing: note(10, [0, 1]), keys: known).head.sequence == 10)
        #expect(throws: NoteError.unsigned("hall-1")) { try Checkpoint(parsing: note(10, [0]), keys: known) }
        #expect(throws: NoteError.unsigned("hall-1")) { try Checkpoint(parsing: note(9, [1]), keys: known) }
    }
}
