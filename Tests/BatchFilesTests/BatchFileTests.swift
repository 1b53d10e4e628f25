import Foundation
import Ledger
import Ratings
import Testing
import Wire

@testable import BatchFiles

@Suite struct BatchFileTests {
    static let key = SigningKey()

    static func file(_ kiosk: String = "hall-1", epoch: Int = 1, first: Int64 = 1, last: Int64 = 3) throws -> BatchFile
    {
        try BatchFile(
            kiosk: try #require(KioskID(rawValue: kiosk)), epoch: epoch, first: first, last: last,
            gzip: Data([0x1F, 0x8B, 0x0A, 0x00, 0xFF]),
            notes: BatchFile.Notes(checkpoint: "a note\n", head: "another\n", receipt: "a third\n"),
            clock: KioskClock(boot: 3, bootMilliseconds: 4), created: 5, signedWith: key)
    }

    @Test func aFileIsReadAsItWasWritten() throws {
        let file = try Self.file()
        #expect(try BatchFile(parsing: file.serialized) == file)
    }

    @Test func theJournalKeySignsWhatAnUploadIs() throws {
        let file = try BatchFile(parsing: try Self.file().serialized)
        #expect(file.head.method == "PUT")
        #expect(file.head.path == "/v1/kiosks/hall-1/epochs/1/records/1-3")
        try RequestSignature.verify(
            file.head, by: Self.key.publicKey,
            required: ["content-digest", "checkpoint", "head", "receipt", "otsenka-clock", "content-encoding"])
        #expect(RequestSignature.created(of: file.head) == 5)
        for name in file.fields.keys where !name.hasPrefix("signature") {
            var changed = file
            changed.fields[name]? += "x"
            #expect(throws: SignatureError.self) {
                try RequestSignature.verify(changed.head, by: Self.key.publicKey, required: [])
            }
        }
    }

    @Test func anotherRangeIsAnotherSignature() throws {
        var file = try Self.file()
        file.last += 1
        #expect(throws: SignatureError.invalid) {
            try RequestSignature.verify(file.head, by: Self.key.publicKey, required: [])
        }
    }

    @Test(arguments: ["", "\n", "{}\n", "[1]\n", "not a file", String(repeating: "x", count: 40_000) + "\n"])
    func anythingElseIsRefused(_ text: String) {
        #expect(throws: BatchFileError.notABatchFile) { try BatchFile(parsing: Data(text.utf8)) }
    }

    @Test(arguments: [
        ("\"first\":1", "\"first\":0"), ("\"first\":1", "\"first\":4"), ("\"last\":3", "\"last\":9007199254740993"),
        ("\"epoch\":1", "\"epoch\":0"), ("\"epoch\":1", "\"epoch\":1000001"), ("hall-1", "Hall 1"),
    ])
    func numbersBeyondTheLimitsAreRefused(_ change: (String, String)) throws {
        let bytes = try Self.file().serialized
        let end = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
        let header = String(decoding: bytes[..<end], as: UTF8.self).replacing(change.0, with: change.1)
        #expect(throws: BatchFileError.notABatchFile) { try BatchFile(parsing: Data(header.utf8) + bytes[end...]) }
    }

    @Test func aNewerFormatIsNamed() throws {
        let text = String(decoding: try Self.file().serialized, as: UTF8.self)
        let newer = text.replacing("otsenka-batch/1", with: "otsenka-batch/2")
        #expect(throws: BatchFileError.otherFormat("otsenka-batch/2")) { try BatchFile(parsing: Data(newer.utf8)) }
    }

    @Test func aFileOfAnySizeIsBounded() {
        let data = Data(repeating: 0x20, count: BatchFile.maximumBytes + 1)
        #expect(throws: BatchFileError.tooLong(bytes: data.count)) { try BatchFile(parsing: data) }
    }

    @Test func namesSortInTheOrderOfImport() throws {
        let files = try [
            Self.file("hall-1", epoch: 1, first: 9, last: 9), Self.file("hall-1", epoch: 1, first: 10, last: 100),
            Self.file("hall-1", epoch: 2, first: 1, last: 2), Self.file("hall-1", epoch: 10, first: 1, last: 1),
            Self.file("hall-2", epoch: 1, first: 1, last: 1),
        ]
        #expect(files.map(BatchName.batch).sorted() == files.map(BatchName.batch))
        #expect(files.shuffled().sorted(by: BatchFile.comesBefore) == files)
        #expect(BatchName.batch(files[0]) == "hall-1-e000001-r000000000009-000000000009.batch")
        #expect(BatchName.receipt(of: "a.batch") == "a.receipt")
        #expect(BatchName.receipt(of: "a") == "a.receipt")
    }
}
