import HummingbirdTLS
import NIOSSL

/// Where the collector listens, and whether with TLS.
public struct Listener: Sendable {
    public let host: String
    /// 0 lets the system choose.
    public let port: Int
    let tls: TLSConfiguration?

    /// TLS 1.2 or newer with the folder's own certificate. Throws `CollectorFailure` if that cannot be read.
    public init(host: String, port: Int, tlsOf folder: DataFolder) throws {
        try Self.check(port)
        self.host = host
        self.port = port
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(
                Array(try PrivateFile.read(folder.path + "/server.pem").utf8))
            let key = try NIOSSLPrivateKey(
                bytes: Array(try PrivateFile.read(folder.path + "/server.key").utf8), format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            tls.minimumTLSVersion = .tlsv12
            tls.applicationProtocols = ["http/1.1"]
            self.tls = tls
        } catch let failure as CollectorFailure {
            throw failure
        } catch {
            throw CollectorFailure(
                .configuration,
                "\(folder.path)/server.pem or server.key cannot be used (\(error)); restore them from a backup")
        }
    }

    /// HTTP without TLS, on this machine only. Throws `CollectorFailure` for any other host.
    public init(plainLoopback host: String, port: Int) throws(CollectorFailure) {
        try Self.check(port)
        guard isLoopback(host) else {
            throw CollectorFailure(
                .usage,
                "plain HTTP is refused on \(host), which other machines can reach; leave out --plain-http-loopback to "
                    + "serve with TLS, or use --host 127.0.0.1")
        }
        // The name is not looked up: what a file or a server says of it is not this machine's promise.
        self.host = host.lowercased() == "localhost" ? "127.0.0.1" : host
        self.port = port
        tls = nil
    }

    /// The port of a collector with TLS.
    public static let defaultPort = 8443

    private static func check(_ port: Int) throws(CollectorFailure) {
        guard (0...65535).contains(port) else {
            throw CollectorFailure(.usage, "\(port) is not a port; use 1 to 65535, or 0 to let the system choose")
        }
    }

    /// The address that kiosks are told, once the port is known: `host` if the certificate names it, else the first of
    /// the certificate's `names`.
    func address(port: Int, names: [String]) -> String {
        let told = tls == nil || names.contains(host) ? host : names.first ?? host
        return "\(tls == nil ? "http" : "https")://\(told.contains(":") ? "[\(told)]" : told):\(port)"
    }
}
