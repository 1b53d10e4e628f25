import CCurl

/// Over what a session talks, and why it believes that the other end is who it should be.
public enum Channel: Equatable, Sendable {
    /// TLS. The certificate's chain must end at `authority` (PEM), and its name must be the host's, at the time of
    /// verification; the machine's own list of authorities is not used. `pin` also demands this very key.
    case tls(authority: String, pin: KeyPin?)

    /// TLS at first contact, while no authority is known: the server must prove that it holds the private key of `pin`.
    ///
    /// Sound without a chain: the TLS handshake proves possession of the certificate's key, and libcurl compares the
    /// SHA-256 of that key (CURLOPT_PINNEDPUBLICKEY, checked whether or not CURLOPT_SSL_VERIFYPEER is on) with one that
    /// came to the technician by another way than this network. What a chain would add, an authority's word for the key
    /// and the days in which it holds, is what the pin replaces. The name is still verified.
    case pinnedKey(KeyPin)

    /// Plain HTTP to this very machine, for demonstration and tests: any host but a loopback name is refused.
    case plainLoopback

    /// Plain HTTP over a Unix socket; the URL's host is only a label.
    case unixSocket(path: String)
}

/// The SHA-256 of a server's public key, as `sha256//BASE64` (CURLOPT_PINNEDPUBLICKEY's notation).
public struct KeyPin: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    /// Nothing unless it is one pin: exactly `sha256//` and the base64 of 32 bytes. libcurl would take other texts for
    /// file names or for lists.
    public init?(_ text: String) {
        let digits = text.utf8.dropFirst(8)
        guard text.hasPrefix("sha256//"), digits.count == 44, digits.last == UInt8(ascii: "="),
            digits.dropLast().allSatisfy(Self.isBase64)
        else { return nil }
        self.text = text
    }

    public var description: String { text }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}

extension Channel {
    /// Why this URL may not be asked over this channel; nothing if it may.
    func objection(to url: String) -> String? {
        guard let parts = URLParts(url) else { return "it is no URL" }
        if parts.hasCredentials { return "a URL must not carry a user or a password" }
        switch self {
        case .tls, .pinnedKey:
            return parts.scheme == "https" ? nil : "only https is allowed (is it http:// by mistake?)"
        case .plainLoopback:
            let loopback = ["127.0.0.1", "localhost", "[::1]"]
            guard parts.scheme == "http", loopback.contains(parts.host) else {
                return "plain http is for 127.0.0.1, [::1] and localhost only; use https"
            }
            return nil
        case .unixSocket:
            return parts.scheme == "http" ? nil : "over a Unix socket the URL begins with http://"
        }
    }
}

/// A URL as libcurl itself reads it, so that what is checked is what is asked.
struct URLParts {
    let scheme: String
    let host: String
    let hasCredentials: Bool

    init?(_ url: String) {
        guard !url.utf8.contains(0), let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK,
            let scheme = Self.part(handle, CURLUPART_SCHEME), let host = Self.part(handle, CURLUPART_HOST)
        else { return nil }
        self.scheme = scheme
        self.host = host.lowercased()
        hasCredentials = Self.part(handle, CURLUPART_USER) != nil || Self.part(handle, CURLUPART_PASSWORD) != nil
    }

    private static func part(_ handle: OpaquePointer, _ part: CURLUPart) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
