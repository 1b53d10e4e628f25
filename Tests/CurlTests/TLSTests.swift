import Curl
import Foundation
import Testing

/// Certificates and a server made by the openssl program: another implementation of nothing, but another hand.
final class TLSServer {
    let folder: String
    let port: Int
    private let process: pid_t
    // Foundation's Process waits in a run loop, which the threads of Swift's tasks do not have; popen(3) just blocks.
    private let output: UnsafeMutablePointer<FILE>

    /// A server for `localhost` whose certificate holds in 2020 only if `expired`, and else for 30 days from today.
    init(expired: Bool = false) throws {
        folder = NSTemporaryDirectory() + "otsenka-tls-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.makeCertificates(in: folder, expired: expired)
        output = try #require(
            popen(
                "echo $$; cd \(folder) && exec openssl s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -www"
                    + " </dev/null 2>/dev/null", "re"))
        process = try #require(Self.line(of: output).flatMap { pid_t($0) })
        var line = Self.line(of: output)
        while let text = line, !text.hasPrefix("ACCEPT") { line = Self.line(of: output) }
        port = try #require(line?.split(separator: ":").last.flatMap { Int($0) }, "openssl s_server did not start")
    }

    deinit {
        // Not SIGTERM: the threads of Swift's tasks block it, and their children inherit that.
        kill(process, SIGKILL)
        pclose(output)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func line(of output: UnsafeMutablePointer<FILE>) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        guard fgets(&bytes, Int32(bytes.count), output) != nil else { return nil }
        return String(decoding: bytes.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var url: String { "https://localhost:\(port)/" }
    func pem(_ name: String) throws -> String { try String(contentsOfFile: folder + "/" + name, encoding: .utf8) }

    /// The pin as curl's manual tells people to compute it.
    func pin() throws -> KeyPin {
        let text = try Self.openssl(
            "x509 -in server.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary"
                + " | openssl enc -base64", in: folder)
        return try #require(KeyPin("sha256//" + text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    private static func makeCertificates(in folder: String, expired: Bool) throws {
        let config = """
            [ca]
            default_ca = own
            [own]
            database = index.txt
            serial = serial
            new_certs_dir = .
            default_md = sha256
            policy = any
            copy_extensions = copy
            [any]
            commonName = supplied
            """
        try config.write(toFile: folder + "/ca.conf", atomically: true, encoding: .utf8)
        try "".write(toFile: folder + "/index.txt", atomically: true, encoding: .utf8)
        try "01\n".write(toFile: folder + "/serial", atomically: true, encoding: .utf8)
        let days = expired ? "-startdate 20200101000000Z -enddate 20210101000000Z" : "-days 30"
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        for authority in ["ca", "other"] {
            try openssl(
                "req -new \(key) -keyout \(authority).key -subj /CN=\(authority) -out \(authority).csr"
                    + " -addext basicConstraints=critical,CA:TRUE", in: folder)
            try openssl(
                "ca -batch -config ca.conf -selfsign -in \(authority).csr -keyfile \(authority).key"
                    + " -out \(authority).pem -notext \(days)", in: folder)
        }
        try openssl(
            "req -new \(key) -keyout server.key -subj /CN=localhost -out server.csr"
                + " -addext subjectAltName=DNS:localhost", in: folder)
        try openssl(
            "ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in server.csr -out server.pem -notext \(days)",
            in: folder)
    }

    @discardableResult
    private static func openssl(_ arguments: String, in folder: String) throws -> String {
        let output = try #require(popen("cd \(folder) && (openssl \(arguments)) 2>&1 </dev/null", "re"))
        var lines: [String] = []
        while let line = line(of: output) { lines.append(line) }
        let text = lines.joined(separator: "\n")
        try #require(pclose(output) == 0, "openssl \(arguments): \(text)")
        return text
    }
}

@Suite struct TLSTests {
    static let aYear: Int64 = 365 * 86_400
    /// 2020-07-01.
    static let summer2020: Int64 = 1_593_561_600

    @Test func theCollectorOfTheGivenAuthorityIsBelieved() throws {
        let server = try TLSServer()
        #expect(try ask(server, .tls(authority: server.pem("ca.pem"), pin: nil)) == nil)
        #expect(try ask(server, .tls(authority: server.pem("ca.pem"), pin: server.pin())) == nil)
    }

    @Test func anotherAuthorityNameOrKeyIsNot() throws {
        let server = try TLSServer()
        let other = try TLSServer()
        let authority = try server.pem("ca.pem")
        #expect(
            try ask(server, .tls(authority: server.pem("other.pem"), pin: nil)) == "CURLE_PEER_FAILED_VERIFICATION")
        #expect(
            try ask(server, .tls(authority: authority, pin: other.pin())) == "CURLE_SSL_PINNEDPUBKEYNOTMATCH")
        let byAddress = "https://127.0.0.1:\(server.port)/"
        #expect(
            try ask(server, .tls(authority: authority, pin: nil), url: byAddress) == "CURLE_PEER_FAILED_VERIFICATION")
        #expect(try ask(server, .tls(authority: "no certificate", pin: nil)) == "CURLE_SSL_CACERT_BADFILE")
    }

    @Test func atFirstContactTheKeyAloneDecides() throws {
        let server = try TLSServer(expired: true)
        let other = try TLSServer()
        #expect(try ask(server, .pinnedKey(server.pin())) == nil)
        #expect(try ask(server, .pinnedKey(other.pin())) == "CURLE_SSL_PINNEDPUBKEYNOTMATCH")
        #expect(try ask(other, .pinnedKey(server.pin())) == "CURLE_SSL_PINNEDPUBKEYNOTMATCH")
        let byAddress = "https://127.0.0.1:\(server.port)/"
        #expect(try ask(server, .pinnedKey(server.pin()), url: byAddress) == "CURLE_PEER_FAILED_VERIFICATION")
    }

    @Test func certificatesAreJudgedAtTheTimeThatIsGiven() throws {
        let now = Int64(Date().timeIntervalSince1970)
        let valid = try TLSServer()
        let channel = Channel.tls(authority: try valid.pem("ca.pem"), pin: nil)
        #expect(try ask(valid, channel, at: now) == nil)
        #expect(try ask(valid, channel, at: 0) == "CURLE_PEER_FAILED_VERIFICATION")
        #expect(try ask(valid, channel, at: now + Self.aYear) == "CURLE_PEER_FAILED_VERIFICATION")
    }

    @Test func anExpiredCertificateHoldsOnlyBeforeItsEnd() throws {
        let expired = try TLSServer(expired: true)
        let channel = Channel.tls(authority: try expired.pem("ca.pem"), pin: nil)
        #expect(try ask(expired, channel) == "CURLE_PEER_FAILED_VERIFICATION")
        #expect(try ask(expired, channel, at: Self.summer2020) == nil)
    }

    @Test func plainHTTPIsRefusedWhereTLSIsMeant() throws {
        let server = try TLSServer()
        for channel in [Channel.pinnedKey(try server.pin()), .tls(authority: try server.pem("ca.pem"), pin: nil)] {
            let error = try #require(throws: CurlError.self) {
                try CurlSession(channel: channel).perform(
                    CurlRequest(method: "GET", url: "http://localhost:\(server.port)/"))
            }
            guard case .refused = error.cause else {
                Issue.record("\(error)")
                return
            }
        }
    }

    /// The C name of the error; nothing if there was an answer.
    private func ask(_ server: TLSServer, _ channel: Channel, url: String? = nil, at time: Int64? = nil) throws
        -> String?
    {
        let session = try CurlSession(channel: channel)
        if let time { try session.verifyCertificates(at: time) }
        do throws(CurlError) {
            let response = try session.perform(CurlRequest(method: "GET", url: url ?? server.url))
            #expect(response.status == 200)
            return nil
        } catch {
            return error.codeName ?? "\(error)"
        }
    }
}
