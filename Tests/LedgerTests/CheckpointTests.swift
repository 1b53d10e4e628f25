import FoundationEssentials
import Testing

@testable import Ledger

/// Made with Python's `cryptography` 48.0 from the text of c2sp.org/signed-note and c2sp.org/tlog-cosignature: the journal
/// key has the seed 01…01, the collector's 07…07, and the cosignature the time 1679315147.
private let receipt = """
    otsenka/kiosk/hall-7.kiosk-2/3
    42
    00/iKgjP+aN78QOQACRQRwtYcrKuuABMnEi7ceFNm9Y=

    — hall-7.kiosk-2 XyKnkOMISdBpyESqU8D97VP3dK83eMxkV5V0dk4j6jkn3+eT14G69nlkKQNTL4ArkRbkrHHzWj5t+4URSGcsjC8zlwU=
    — collector.example yLz08wAAAABkGFDLBQoH1taUBNX5lKHM4G7o7AAeCPC0hGcGvZwIhFU8BTzf61ya8YiUvKA5BhUT4qiIrfZbjCgvYx1/zQ4JoB8qBQ==

    """

private func key(_ byte: UInt8) throws -> SigningKey { try SigningKey(seed: Data(repeating: byte, count: 32)) }

private func head(_ sequence: Int64 = 42, kiosk: String = "hall-7.kiosk-2", epoch: Int = 3) -> ChainHead {
    ChainHead(
        kiosk: kiosk, epoch: epoch, sequence: sequence, hash: ChainHash(of: Data(#"{"boot":1,"kind":"boot"}"#.utf8)))
}

@Suite struct CheckpointTests {
    @Test func aReceiptIsTheOneThatAnotherProgramMakes() throws {
        var checkpoint = try Checkpoint(head: head(), signedWith: try key(1))
        try checkpoint.cosign(as: "collector.example", with: try key(7), time: 1_679_315_147)
        // BoringSSL's Ed25519 is deterministic (RFC 8032), as OpenSSL's is.
        let theirs = try Checkpoint(parsing: receipt, kiosk: "hall-7.kiosk-2", key: try key(1).publicKey)
        #expect(theirs.head == checkpoint.head)
        #expect(
            try theirs.receiptTime(of: "collector.example", key: try key(7).publicKey) == 1_679_315_147)
        let parsed = try Checkpoint(
            parsing: checkpoint.serialized, kiosk: "hall-7.kiosk-2", key: try key(1).publicKey)
        #expect(parsed.head == theirs.head)
        #expect(try parsed.receiptTime(of: "collector.example", key: try key(7).publicKey) == 1_679_315_147)
    }

    @Test func aCheckpointWithoutACosignatureIsNoReceipt() throws {
        let checkpoint = try Checkpoint(head: head(), signedWith: try key(1))
        #expect(throws: NoteError.unsigned("collector.example")) {
            try checkpoint.receiptTime(of: "collector.example", key: try key(7).publicKey)
        }
    }

    @Test func aPlainSignatureOfTheCollectorIsNoCosignature() throws {
        var note = SignedNote(text: "otsenka/kiosk/a/1\n1\n\(head().hash.base64)\n")
        try note.sign(as: "a", with: try key(1))
        try note.sign(as: "collector.example", with: try key(7))
        let checkpoint = try Checkpoint(parsing: note.serialized, kiosk: "a", key: try key(1).publicKey)
        #expect(throws: NoteError.unsigned("collector.example")) {
            try checkpoint.receiptTime(of: "collector.example", key: try key(7).publicKey)
        }
    }

    @Test(arguments: [
        ("the right collector", "collector.example", UInt8(7), nil),
        ("another name", "other.example", 7, NoteError.unsigned("other.example")),
        ("another key", "collector.example", 8, .unsigned("collector.example")),
    ])
    func theCosignatureIsCheckedAgainst(_ what: String, name: String, seed: UInt8, refusal: NoteError?) throws {
        let checkpoint = try Checkpoint(parsing: receipt, kiosk: "hall-7.kiosk-2", key: try key(1).publicKey)
        let collector = try key(seed).publicKey
        var found: NoteError?
        do throws(NoteError) { _ = try checkpoint.receiptTime(of: name, key: collector) } catch { found = error }
        #expect(found == refusal, "\(what)")
    }

    /// The time of a cosignature “MUST NOT exceed 2^63 - 1” (c2sp.org/tlog-cosignature).
    @Test(arguments: [(UInt64(1) << 63 - 1, true), (UInt64(1) << 63, false), (UInt64.max, false)])
    func aCosignatureTimeFits63Bits(time: UInt64, isTaken: Bool) throws {
        var checkpoint = try Checkpoint(head: head(), signedWith: try key(1))
        try checkpoint.cosign(as: "c", with: try key(7), time: time)
        let found = try? checkpoint.receiptTime(of: "c", key: try key(7).publicKey)
        #expect(found == (isTaken ? time : nil))
    }

    @Test(arguments: [
        ("another kiosk in the text", "otsenka/kiosk/b/1\n1\nHASH\n"),
        ("another origin", "example/kiosk/a/1\n1\nHASH\n"),
        ("epoch 0", "otsenka/kiosk/a/0\n1\nHASH\n"),
        ("a sign before the epoch", "otsenka/kiosk/a/+1\n1\nHASH\n"),
        ("a leading zero", "otsenka/kiosk/a/1\n01\nHASH\n"),
        ("a negative sequence", "otsenka/kiosk/a/1\n-1\nHASH\n"),
        ("a sequence beyond 64 bits", "otsenka/kiosk/a/1\n9223372036854775808\nHASH\n"),
        ("a short hash", "otsenka/kiosk/a/1\n1\nAAAA\n"),
        ("a hash with stray bits", "otsenka/kiosk/a/1\n1\n00/iKgjP+aN78QOQACRQRwtYcrKuuABMnEi7ceFNm9Z=\n"),
        ("an extension line", "otsenka/kiosk/a/1\n1\nHASH\nmore\n"),
        ("a missing line", "otsenka/kiosk/a/1\n1\n"),
        ("a space at the end of a line", "otsenka/kiosk/a/1\n1 \nHASH\n"),
        ("another thing that a journal key signs", "otsenka transport key\ned25519\n"),
    ])
    func isNoCheckpoint(_ what: String, text: String) throws {
        var note = SignedNote(text: text.replacing("HASH", with: head().hash.base64))
        try note.sign(as: "a", with: try key(1))
        #expect(throws: NoteError.notACheckpoint, "\(what)") {
            try Checkpoint(parsing: note.serialized, kiosk: "a", key: try key(1).publicKey)
        }
    }

    @Test func theKioskSignatureIsCheckedBeforeTheText() throws {
        var note = SignedNote(text: "nonsense\n")
        try note.sign(as: "a", with: try key(2))
        #expect(throws: NoteError.unsigned("a")) {
            try Checkpoint(parsing: note.serialized, kiosk: "a", key: try key(1).publicKey)
        }
    }
}
