import Curl
import Foundation
import Testing

@Suite struct PlainTests {
    @Test func aRequestIsSentAsItIsWritten() throws {
        let server = try RawServer("HTTP/1.1 200 OK\r\nX-One: a\r\nx-one: b\r\nContent-Length: 2\r\n\r\nhi")
        defer { server.stop() }
        let response = try session().perform(
            CurlRequest(
                method: "PUT", url: server.url + "/v1/x/../y?z", fields: [("Head", "aGk="), ("Receipt", "")],
                body: Array("body".utf8)))
        #expect(response.status == 200)
        #expect(response.body == Array("hi".utf8))
        #expect(response.fields["x-ONE"] == "a, b")
        #expect(response.retryAfterSeconds == nil)
        let request = try #require(server.requests.first)
        let lines = request.components(separatedBy: "\r\n")
        #expect(lines.first == "PUT /v1/x/../y?z HTTP/1.1")
        #expect(
            Set(lines.dropFirst()) == [
                "Host: 127.0.0.1:\(server.port)", "Accept: */*", "Head: aGk=", "Receipt:", "Content-Length: 4", "",
                "body",
            ])
    }

    @Test func bodiesOfOneRequestAreNotSentWithTheNext() throws {
        let server = try RawServer("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
        defer { server.stop() }
        let session = try session()
        for body in [Array("first".utf8), [], nil] {
            let method = body == nil ? "GET" : "POST"
            _ = try session.perform(CurlRequest(method: method, url: server.url + "/", body: body))
        }
        let endings = server.requests.map { $0.components(separatedBy: "\r\n\r\n").last }
        #expect(endings == ["first", "", ""])
        #expect(server.requests.map { $0.prefix(4) } == ["POST", "POST", "GET "])
        #expect(server.requests[1].contains("Content-Length: 0"))
    }

    @Test(arguments: [301, 302, 307, 308])
    func aRedirectIsAnAnswerAndIsNotFollowed(status: Int) throws {
        let elsewhere = try RawServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let server = try RawServer(
            "HTTP/1.1 \(status) Moved\r\nLocation: \(elsewhere.url)/\r\nContent-Length: 0\r\n\r\n")
        defer {
            server.stop()
            elsewhere.stop()
        }
        #expect(try session().perform(CurlRequest(method: "GET", url: server.url)).status == status)
        #expect(elsewhere.requests.isEmpty)
    }

    @Test(arguments: [
        "Content-Length: 100001\r\n\r\n" + String(repeating: "x", count: 100_001),
        "Transfer-Encoding: chunked\r\n\r\n186a1\r\n" + String(repeating: "x", count: 100_001) + "\r\n0\r\n\r\n",
        "Connection: close\r\n\r\n" + String(repeating: "x", count: 100_001),
    ])
    func anAnswerOverTheLimitIsCutOff(answer: String) throws {
        let server = try RawServer("HTTP/1.1 200 OK\r\n" + answer)
        defer { server.stop() }
        #expect(try cause(server.url) == .answerTooLong(limit: 64 * 1024))
    }

    @Test func anAnswerOfTheLimitPasses() throws {
        let body = String(repeating: "x", count: 64 * 1024)
        let server = try RawServer("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n\(body)")
        defer { server.stop() }
        #expect(try session().perform(CurlRequest(method: "GET", url: server.url)).body.count == 64 * 1024)
    }

    @Test(arguments: [
        String(repeating: "A: b\r\n", count: 64), "A: " + String(repeating: "x", count: 16 * 1024) + "\r\n",
    ])
    func tooManyOrTooLongFieldsAreCutOff(fields: String) throws {
        let server = try RawServer("HTTP/1.1 200 OK\r\n\(fields)\r\n")
        defer { server.stop() }
        #expect(try cause(server.url) == .fieldsTooLong)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "CURLE_PARTIAL_FILE"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsh", "CURLE_PARTIAL_FILE"),
        ("", "CURLE_GOT_NOTHING"),
        ("SSH-2.0-OpenSSH\r\n", "CURLE_UNSUPPORTED_PROTOCOL"),
    ])
    func aBrokenAnswerIsAnErrorWithItsCName(answer: String, name: String) throws {
        let server = try RawServer(answer)
        defer { server.stop() }
        let error = try #require(throws: CurlError.self) {
            try session().perform(CurlRequest(method: "GET", url: server.url))
        }
        #expect(error.codeName == name, "\(error)")
        #expect("\(error)".contains(server.url))
    }

    @Test func aSilentServerTimesOut() throws {
        let server = try RawServer(answer: nil)
        defer { server.stop() }
        var limits = CurlLimits()
        limits.totalMilliseconds = 50
        let session = try CurlSession(channel: .plainLoopback, limits: limits)
        let error = try #require(throws: CurlError.self) {
            try session.perform(CurlRequest(method: "GET", url: server.url))
        }
        #expect(error.isTimeout)
    }

    @Test func aRaisedFlagEndsARunningRequest() throws {
        let server = try RawServer(answer: nil)
        defer { server.stop() }
        let flag = AbortFlag()
        let session = try CurlSession(channel: .plainLoopback, abort: flag)
        Thread.detachNewThread {
            while server.requests.isEmpty { usleep(1000) }
            flag.raise()
        }
        let error = try #require(throws: CurlError.self) {
            try session.perform(CurlRequest(method: "GET", url: server.url))
        }
        #expect(error.cause == .aborted)
    }

    @Test func nobodyThereIsNamed() throws {
        let server = try RawServer("")
        server.stop()
        let error = try #require(throws: CurlError.self) {
            for _ in 0..<100 { _ = try? session().perform(CurlRequest(method: "GET", url: server.url)) }
            _ = try session().perform(CurlRequest(method: "GET", url: "http://127.0.0.1:1/"))
        }
        #expect(error.codeName == "CURLE_COULDNT_CONNECT")
        #expect("\(error)".contains("http://127.0.0.1:1/"))
    }

    @Test(arguments: [("7", 7), ("0", 0), ("99999999", 99_999_999), ("soon", 0), ("-5", 0)] as [(String, Int64)])
    func retryAfterIsTold(field: String, seconds: Int64) throws {
        let server = try RawServer("HTTP/1.1 503 No\r\nRetry-After: \(field)\r\nContent-Length: 0\r\n\r\n")
        defer { server.stop() }
        let response = try session().perform(CurlRequest(method: "GET", url: server.url))
        #expect(response.status == 503)
        #expect(response.retryAfterSeconds == seconds)
    }

    @Test(arguments: [
        "http://example.org/", "http://127.0.0.1.example.org/", "http://localhost.example.org/", "http://127.0.0.2/",
        "http://localhost@example.org/", "http://example.org#@127.0.0.1/", "https://127.0.0.1/", "ftp://127.0.0.1/",
        "file:///etc/passwd", "127.0.0.1:80", "", "http://", "http://user@127.0.0.1/", "http://[::]/",
        "http://2130706434/",
    ])
    func plainHTTPGoesToThisMachineOnly(url: String) throws {
        guard case .refused = try cause(url) else {
            Issue.record("\(url) was tried")
            return
        }
    }

    @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\u{0}b", "a\u{7F}".replacingOccurrences(of: "\u{7F}", with: "\u{1}")])
    func aFieldCannotBecomeTwo(value: String) throws {
        let error = try #require(throws: CurlError.self) {
            try session().perform(
                CurlRequest(method: "GET", url: "http://127.0.0.1:1/", fields: [("Head", value)]))
        }
        guard case .refused = error.cause else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func theEnvironmentsProxyIsIgnored() throws {
        setenv("http_proxy", "http://127.0.0.1:1", 1)
        // Other tests of this process start programs, which inherit the environment.
        defer { unsetenv("http_proxy") }
        let server = try RawServer("HTTP/1.1 204 No Content\r\n\r\n")
        defer { server.stop() }
        #expect(try session().perform(CurlRequest(method: "GET", url: server.url)).status == 204)
    }

    @Test func anInterimAnswersFieldsAreForgotten() throws {
        let server = try RawServer(
            "HTTP/1.1 103 Early Hints\r\nReceipt: no\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        defer { server.stop() }
        let response = try session().perform(CurlRequest(method: "GET", url: server.url))
        #expect(response.status == 200)
        #expect(response.fields["receipt"] == nil)
    }

    private func session() throws -> CurlSession { try CurlSession(channel: .plainLoopback) }

    private func cause(_ url: String) throws -> CurlError.Cause {
        let error = try #require(throws: CurlError.self) {
            try session().perform(CurlRequest(method: "GET", url: url))
        }
        return error.cause
    }
}

@Suite struct KeyPinTests {
    static let digits = Data(repeating: 7, count: 32).base64EncodedString()

    @Test func aPinIsOneSHA256() {
        #expect(KeyPin("sha256//" + Self.digits)?.text == "sha256//" + Self.digits)
    }

    @Test(arguments: [
        "", "sha256//", digits, "sha1//" + digits, "SHA256//" + digits, "sha256//" + digits + ";sha256//" + digits,
        "sha256//" + digits.dropLast(), "sha256//" + Data(repeating: 7, count: 33).base64EncodedString(),
        "/etc/passwd", " sha256//" + digits, "sha256//" + digits + "\n",
    ])
    func anythingElseIsNone(text: String) {
        #expect(KeyPin(text) == nil)
    }
}
