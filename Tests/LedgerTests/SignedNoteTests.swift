import FoundationEssentials
import Testing

@testable import Ledger

/// The example of Go's sumdb/note package, which the C2SP format comes from: a note that we neither wrote nor signed.
private let goText =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
private let goSignature =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
private let goKey = "GlzZBxQ8OExB6DDFvOEqqIF+xWSaqr8sMTiLNbLXRNY="

@Suite struct SignedNoteTests {
    @Test func aNoteSignedByAnotherProgramIsVerified() throws {
        let note = try SignedNote(parsing: goText + "\n" + goSignature)
        #expect(note.text == goText)
        try note.verify(signedAs: "PeterNeumann", by: try #require(PublicKey(base64: goKey)))
        #expect(note.serialized == goText + "\n" + goSignature)
    }

    @Test func aKeyHashIsTheOneThatOtherProgramsCompute() throws {
        let key = try #require(PublicKey(base64: goKey))
        #expect(
            NoteSignature.keyHash(name: "PeterNeumann", algorithm: .ed25519, key: key)
                == Data([0xC7, 0x4F, 0x20, 0xA3]))
    }

    @Test func theTextEndsAtTheLastEmptyLine() throws {
        let key = try SigningKey(seed: Data(repeating: 1, count: 32))
        var note = SignedNote(text: "one\n\n— two AAAAAAA=\n\nthree\n")
        try note.sign(as: "four", with: key)
        let parsed = try SignedNote(parsing: note.serialized)
        #expect(parsed == note)
        try parsed.verify(signedAs: "four", by: key.publicKey)
    }

    @Test(arguments: [
        ("nothing", ""),
        ("no signature", "text\n"),
        ("an empty line and nothing", "text\n\n"),
        ("no newline at the end", "text\n\n— a AAAAAAA="),
        ("a hyphen for the dash", "text\n\n- a AAAAAAA=\n"),
        ("two spaces", "text\n\n—  a AAAAAAA=\n"),
        ("no name", "text\n\n—  AAAAAAA=\n"),
        ("a plus in the name", "text\n\n— a+b AAAAAAA=\n"),
        ("a Unicode space in the name", "text\n\n— a\u{2003}b AAAAAAA=\n"),
        ("a no-break space in the name", "text\n\n— a\u{A0}b AAAAAAA=\n"),
        ("bytes that are no base64", "text\n\n— a AAAA*AA=\n"),
        ("only a key hash", "text\n\n— a AAAAAA==\n"),
        ("a carriage return", "text\r\n\n— a AAAAAAA=\n"),
        ("a NUL in the text", "te\0xt\n\n— a AAAAAAA=\n"),
        ("a tab in a signature", "text\n\n—\ta AAAAAAA=\n"),
        ("a letter after the signatures", "text\n\n— a AAAAAAA=\nb\n"),
        ("a combining mark after the dash", "text\n\n—\u{301} a AAAAAAA=\n"),
        ("a combining mark after a newline", "text\n\n\u{301}— a AAAAAAA=\n"),
        ("seventeen signatures", "text\n\n" + String(repeating: "— a AAAAAAA=\n", count: 17)),
        ("a note that is too long", String(repeating: "x", count: 4096) + "\n\n— a AAAAAAA=\n"),
    ])
    func isRefused(_ what: String, _ note: String) {
        #expect(throws: NoteError.malformed, "\(what)") { try SignedNote(parsing: note) }
    }

    @Test func sixteenSignaturesAreTaken() throws {
        let key = try SigningKey(seed: Data(repeating: 1, count: 32))
        var note = SignedNote(text: "text\n")
        for index in 1...16 { try note.sign(as: "signer-\(index)", with: key) }
        let parsed = try SignedNote(parsing: note.serialized)
        try parsed.verify(signedAs: "signer-16", by: key.publicKey)
    }

    @Test func signaturesOfStrangersAreIgnored() throws {
        let key = try SigningKey(seed: Data(repeating: 1, count: 32))
        var note = SignedNote(text: "text\n")
        try note.sign(as: "stranger", with: try SigningKey(seed: Data(repeating: 2, count: 32)))
        #expect(throws: NoteError.unsigned("us")) { try note.verify(signedAs: "us", by: key.publicKey) }
        try note.sign(as: "us", with: key)
        try note.verify(signedAs: "us", by: key.publicKey)
    }

    /// “If a signature from a known key fails to verify, clients SHOULD reject the whole note” (c2sp.org/signed-note).
    @Test func aWrongSignatureOfAKnownKeySpoilsTheNote() throws {
        let key = try SigningKey(seed: Data(repeating: 1, count: 32))
        var other = SignedNote(text: "other\n")
        try other.sign(as: "us", with: key)
        var note = SignedNote(text: "text\n")
        try note.sign(as: "us", with: key)
        let wrong = try #require(other.signatures.first).line
        let spoilt = try SignedNote(parsing: note.serialized + wrong)
        #expect(throws: NoteError.unsigned("us")) { try spoilt.verify(signedAs: "us", by: key.publicKey) }
    }

    @Test func everyFlippedBitOfTheTextOrTheSignatureIsFound() throws {
        let key = try SigningKey(seed: Data(repeating: 1, count: 32))
        var note = SignedNote(text: "otsenka/kiosk/a/1\n5\n")
        try note.sign(as: "a", with: key)
        let bytes = Array(note.serialized.utf8)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                guard let text = String(validating: changed, as: UTF8.self),
                    let parsed = try? SignedNote(parsing: text), parsed != note
                else { continue }
                #expect(throws: NoteError.unsigned("a")) { try parsed.verify(signedAs: "a", by: key.publicKey) }
            }
        }
    }
}
