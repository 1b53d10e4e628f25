import Crypto
import FoundationEssentials
import Testing

@testable import Ledger

private func key(_ byte: UInt8) throws -> SigningKey { try SigningKey(seed: Data(repeating: byte, count: 32)) }

@Suite struct ChainTests {
    /// printf 'otsenka genesis\nhall-7.kiosk-2\n3\niojj…b1w=\nbm9uY2U\n' | openssl dgst -sha256 -binary | base64
    @Test func theGenesisHashIsTheOneThatSha256sumMakes() throws {
        let genesis = Genesis(
            kiosk: "hall-7.kiosk-2", epoch: 3, publicKey: try key(1).publicKey, collectorNonce: "bm9uY2U")
        #expect(genesis.hash.base64 == "/87Ll7c7v/IBDfCs6lUxhRTVQK+0mHZv2ceF7nYbya8=")
        #expect(genesis.head.sequence == 0)
        #expect(genesis.head.hash == genesis.hash)
    }

    /// printf '%s' '{"boot":1,"kind":"boot"}' | openssl dgst -sha256 -binary | base64
    @Test func theHashOfALineIsTheOneThatSha256sumMakes() {
        let hash = ChainHash(of: Data(#"{"boot":1,"kind":"boot"}"#.utf8))
        #expect(hash.base64 == "00/iKgjP+aN78QOQACRQRwtYcrKuuABMnEi7ceFNm9Y=")
        #expect(ChainHash(base64: hash.base64) == hash)
        #expect(ChainHash(bytes: hash.bytes) == hash)
    }

    @Test(arguments: [
        "", "AAAA", "00/iKgjP+aN78QOQACRQRwtYcrKuuABMnEi7ceFNm9Y", "00/iKgjP aN78QOQACRQRwtYcrKuuABMnEi7ceFNm9Y=",
    ])
    func isNoHash(_ text: String) {
        #expect(ChainHash(base64: text) == nil)
    }

    @Test func everyPartOfTheGenesisChangesItsHash() throws {
        let genesis = Genesis(kiosk: "a", epoch: 1, publicKey: try key(1).publicKey, collectorNonce: "n")
        var others = [genesis, genesis, genesis, genesis]
        others[0].kiosk = "b"
        others[1].epoch = 2
        others[2].publicKey = try key(2).publicKey
        others[3].collectorNonce = "m"
        for other in others { #expect(other.hash != genesis.hash) }
    }

    @Test func aHeadMovesOnlyOverTheLineThatFollows() throws {
        let genesis = Genesis(kiosk: "a", epoch: 1, publicKey: try key(1).publicKey, collectorNonce: "n")
        var head = genesis.head
        let line = Data("one".utf8)
        #expect(throws: ChainError.wrongSequence(expected: 1, found: 2)) {
            try head.advance(over: line, sequence: 2, previous: genesis.hash.base64)
        }
        #expect(throws: ChainError.wrongPrevious(sequence: 1)) {
            try head.advance(over: line, sequence: 1, previous: ChainHash(of: line).base64)
        }
        #expect(head == genesis.head)
        try head.advance(over: line, sequence: 1, previous: genesis.hash.base64)
        #expect(head == ChainHead(kiosk: "a", epoch: 1, sequence: 1, hash: ChainHash(of: line)))
    }
}

@Suite struct KeyTests {
    @Test func thePublicHalfIsTheOneThatAnotherProgramDerives() throws {
        #expect(try key(1).publicKey.base64 == "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=")
        #expect(try key(7).publicKey.base64 == "6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=")
    }

    @Test func aTransportStatementSignedByAnotherProgramIsVerified() throws {
        let signature = try #require(
            Data(
                base64Encoded:
                    "fiGZRPZBzMuVQIKPU6wUUIxRqoXHa3V/syW6VinEY9bSmL5rNwucnaIurYPLz85FjCIlHzd7T+6F2GPw8ubRAw=="))
        let statement = TransportStatement.bytes(journalKey: try key(1).publicKey, transportKey: try key(7).publicKey)
        #expect(try key(1).publicKey.verifies(signature, over: statement))
        #expect(try !key(7).publicKey.verifies(signature, over: statement))
        #expect(try !key(1).publicKey.verifies(signature.dropLast(), over: statement))
        #expect(try !key(1).publicKey.verifies(Data(), over: statement))
    }

    @Test func keysSurviveJSONAndAreNeverPrinted() throws {
        let publicKey = try key(1).publicKey
        let json = try JSONEncoder().encode([publicKey])
        #expect(try JSONDecoder().decode([PublicKey].self, from: json) == [publicKey])
        #expect("\(try key(1))" == "SigningKey(public: iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=)")
        var dumped = ""
        dump(try key(1), to: &dumped)
        #expect(!dumped.contains("AQEBAQ"))
    }

    @Test(arguments: ["", "AAAA", "not base64", "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1wA"])
    func isNoPublicKey(_ text: String) {
        #expect(PublicKey(base64: text) == nil)
    }

    @Test(arguments: [0, 31, 33, 64]) func aSeedHas32Bytes(count: Int) {
        #expect(throws: (any Error).self) { try SigningKey(seed: Data(count: count)) }
    }
}

@Suite struct ChainSpellingTests {
    /// U+212A KELVIN SIGN equals K to Swift's strings.
    @Test func aHashIsComparedByteForByte() throws {
        let hash = try #require(
            (0..<1000).lazy.map { ChainHash(of: Data("\($0)".utf8)) }.first { $0.base64.contains("K") })
        var head = ChainHead(kiosk: "hall-1", epoch: 1, sequence: 7, hash: hash)
        let disguised = hash.base64.replacing("K", with: "\u{212A}")
        #expect(disguised == hash.base64)
        #expect(throws: ChainError.wrongPrevious(sequence: 8)) {
            try head.advance(over: Data("{}".utf8), sequence: 8, previous: disguised)
        }
    }
}
