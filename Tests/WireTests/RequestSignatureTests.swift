import FoundationEssentials
import Ledger
import Testing
import Wire

/// The key `test-key-ed25519` of RFC 9421 §B.1.4.
private let seed = Data(base64Encoded: "n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=") ?? Data()
private func rfcKey() throws -> SigningKey { try SigningKey(seed: seed) }

private let required = ["content-digest", "checkpoint", "head", "otsenka-clock"]

@Suite struct RequestSignatureTests {
    /// The request whose signatures below Python's `cryptography` 48 made over a base written by hand after RFC 9421 §2.5.
    static let request = RequestHead(
        method: "PUT", path: "/v1/kiosks/hall-1/epochs/2/records/101-140",
        fields: [
            "content-digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", "content-encoding": "gzip",
            "content-type": "application/x-ndjson", "checkpoint": "Y2hlY2s=", "head": "aGVhZA==",
            "receipt": "cmVjZWlwdA==", "otsenka-clock": "boot=3, ms=123456", "accept": "*/*",
        ])
    static let input = """
        otsenka=("@method" "@path" "content-digest" "content-encoding" "content-type" "checkpoint" "head" "receipt" \
        "otsenka-clock");created=1618884473;keyid="JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";alg="ed25519"
        """
    static let signature =
        "otsenka=:i8fz5Gx4U4e7H7sraM3xdgBNUtfVPJGFdfLyy4FSXOWGmwYk8g9JzY+PqVqADl5wge5ltMiOAwhj0RdjOYU/Dw==:"

    static var signed: RequestHead {
        var head = request
        head.fields["signature-input"] = input
        head.fields["signature"] = signature
        return head
    }

    @Test func theKeyAndSignatureOfTheRFCVerify() throws {
        // RFC 9421 §B.2.6.
        let base = """
            "date": Tue, 20 Apr 2021 02:07:55 GMT
            "@method": POST
            "@path": /foo
            "@authority": example.com
            "content-type": application/json
            "content-length": 18
            "@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")\
            ;created=1618884473;keyid="test-key-ed25519"
            """
        let signature = try #require(
            Data(
                base64Encoded:
                    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="))
        #expect(try rfcKey().publicKey.verifies(signature, over: Data(base.utf8)))
        #expect(try rfcKey().publicKey.base64 == "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")
    }

    @Test func ourSignatureIsTheOneThatAnotherHandMakes() throws {
        var head = Self.request
        try RequestSignature.sign(&head, with: rfcKey(), created: 1_618_884_473)
        #expect(head.fields["signature-input"] == Self.input)
        // Ed25519 is deterministic (RFC 8032 §5.1.6).
        #expect(head.fields["signature"] == Self.signature)
        try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
        #expect(RequestSignature.created(of: head) == 1_618_884_473)
        #expect(try RequestSignature.keyID(of: head) == rfcKey().publicKey)
    }

    @Test func anotherOrderAndMoreParametersAreAsGood() throws {
        var head = Self.request
        head.fields["signature-input"] = """
            otsenka=("otsenka-clock" "head" "@path" "@method" "content-digest" "content-encoding" "content-type" \
            "checkpoint" "receipt");alg="ed25519";keyid="JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";created=1\
            ;nonce="n";tag="t"
            """
        head.fields["signature"] =
            "otsenka=:YFhIyPr1n63VuGbHBNIQ1bNecXT5Z/AdjcXS1KIZvcEH3/RSSQ2kJE1v7PDYyUajfCEkYem8IWtgTCyYxlJiCw==:"
        try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
    }

    @Test func whitespaceAroundAValueDoesNotCount() throws {
        var head = Self.signed
        head.fields["head"] = " \taGVhZA== "
        try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
    }

    @Test(arguments: Array(request.fields.keys.filter { $0 != "accept" }).sorted() + ["@method", "@path"])
    func aChangeOfAnySignedPartIsNoticed(part: String) throws {
        var head = Self.signed
        switch part {
        case "@method": head.method = "POST"
        case "@path": head.path += "0"
        default: head.fields[part]?.append("x")
        }
        #expect(throws: SignatureError.invalid) {
            try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
        }
    }

    @Test(arguments: Array(request.fields.keys.filter { $0 != "accept" }).sorted())
    func aSignedFieldThatIsTakenAwayIsNoticed(name: String) throws {
        var head = Self.signed
        head.fields[name] = nil
        #expect(throws: SignatureError.self) {
            try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
        }
    }

    @Test func aFieldOfOursThatIsAddedOutsideTheSignatureIsNoticed() throws {
        var head = Self.request
        head.fields["receipt"] = nil
        try RequestSignature.sign(&head, with: rfcKey(), created: 1)
        try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
        head.fields["receipt"] = "cmVjZWlwdA=="
        #expect(throws: SignatureError.uncovered("receipt")) {
            try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
        }
    }

    @Test func whatIsRequiredMustBeThere() throws {
        var head = RequestHead(method: "POST", path: "/", fields: ["head": "x"])
        try RequestSignature.sign(&head, with: rfcKey(), created: 1)
        #expect(throws: SignatureError.uncovered("content-digest")) {
            try RequestSignature.verify(head, by: rfcKey().publicKey, required: ["head", "content-digest"])
        }
    }

    @Test func anotherKeyIsNamed() throws {
        #expect(throws: SignatureError.otherKey) {
            try RequestSignature.verify(Self.signed, by: SigningKey().publicKey, required: required)
        }
        var head = Self.signed
        head.fields["signature-input"] = Self.input.replacing("alg=\"ed25519\"", with: "alg=\"hmac-sha256\"")
        #expect(throws: SignatureError.otherKey) {
            try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
        }
    }

    @Test func aLineBreakCannotSmuggleALineIntoTheBase() throws {
        var head = Self.request
        head.fields["head"] = "aGVhZA==\n\"receipt\": cmVjZWlwdA=="
        head.fields["receipt"] = nil
        try RequestSignature.sign(&head, with: rfcKey(), created: 1)
        #expect(throws: SignatureError.uncovered("head")) {
            try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
        }
        var forged = Self.signed
        forged.fields["otsenka-clock"] = "boot=3, ms=123456\n"
        #expect(throws: SignatureError.malformed) {
            try RequestSignature.verify(forged, by: rfcKey().publicKey, required: required)
        }
    }

    @Test(arguments: [
        "", "otsenka", "otsenka=", "otsenka=()", "otsenka=(\"@method\"", "other=(\"@method\")", "otsenka=1",
        "otsenka=(\"@method\" \"@method\")", "otsenka=(\"@method\";req)", "otsenka=(\"@authority\")", "otsenka=(7)",
        "otsenka=(\"@method\" \"@path\");keyid=7", "otsenka=(\"signature\")", "\u{0}", "otsenka=(\"Head\")",
        String(repeating: "otsenka=(\"@method\"), ", count: 1000), String(repeating: "(", count: 10_000),
    ])
    func aHostileInputIsRefused(input: String) throws {
        var head = Self.signed
        head.fields["signature-input"] = input
        #expect(throws: SignatureError.self) {
            try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
        }
    }

    @Test(arguments: ["", "otsenka=::", "otsenka=:AAAA:", "otsenka=:!:", "otsenka=1", "other=:AAAA:", "otsenka"])
    func aHostileSignatureIsRefused(signature: String) throws {
        var head = Self.signed
        head.fields["signature"] = signature
        #expect(throws: SignatureError.self) {
            try RequestSignature.verify(head, by: rfcKey().publicKey, required: required)
        }
    }

    @Test func anUnsignedRequestIsSaidToBeUnsigned() throws {
        #expect(throws: SignatureError.missing) {
            try RequestSignature.verify(Self.request, by: rfcKey().publicKey, required: [])
        }
        #expect(RequestSignature.keyID(of: Self.request) == nil)
        #expect(RequestSignature.created(of: Self.request) == nil)
    }
}

@Suite struct ContentDigestTests {
    private let body = Data(#"{"hello": "world"}"#.utf8)

    @Test func theDigestIsTheOneOfTheRFC() {
        // RFC 9530 §B.1 uses this body; the digest was computed by Python's hashlib.
        #expect(ContentDigest.value(of: body) == "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:")
    }

    @Test(arguments: [
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
        "sha-512=:AAAA:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
        " sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=: ",
    ])
    func itIsFoundBesideOthers(field: String) { #expect(ContentDigest.matches(field, body: body)) }

    @Test(arguments: [
        "", "sha-256", "sha-256=1", "sha-256=\"X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=\"", "sha-256=::",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPA=:", "sha-512=:AAAA:", "sha-256=(:AAAA:)",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, sha-256=:AAAA:",
    ])
    func anythingElseDoesNotMatch(field: String) { #expect(!ContentDigest.matches(field, body: body)) }
}

@Suite struct KioskClockTests {
    @Test func aClockComesBack() {
        let clock = KioskClock(boot: 3, bootMilliseconds: 123_456)
        #expect(clock.field == "boot=3, ms=123456")
        #expect(KioskClock(field: clock.field) == clock)
        #expect(KioskClock(field: "ms=0,boot=0, later=?1") == KioskClock(boot: 0, bootMilliseconds: 0))
    }

    @Test(arguments: [
        "", "boot=3", "ms=1", "boot=-1, ms=1", "boot=1, ms=-1", "boot=1.5, ms=1", "boot=\"1\", ms=1",
        "boot=1, ms=99999999999999999999", "boot=(1), ms=1", "boot 1 ms 1",
    ])
    func anythingElseIsNone(field: String) { #expect(KioskClock(field: field) == nil) }
}
