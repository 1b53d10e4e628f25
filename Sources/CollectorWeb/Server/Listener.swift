import HummingbirdTLS
import NIOSSL
import Synchronization

/// The certificates that are shown to kiosks now.
private final class CertificateShelf: Sendable {
    private let shown: Mutex<[NIOSSLCertificateSource]>

    init(_ chain: [NIOSSLCertificateSource]) { shown = Mutex(chain) }

    var chain: [NIOSSLCertificateSource] { shown.withLock(\.self) }
    func put(_ chain: [NIOSSLCertificateSource]) { shown.withLock { $0 = chain } }
}

/// Where the collector listens, and whether with TLS.
public struct Listener: Sendable {
    public let host: String
    /// 0 lets the system choose.
    public let port: Int
    let tls: TLSConfiguration?
    private let shelf: CertificateShelf?

    /// TLS 1.2 or newer with the folder's own certificate. Throws `CollectorFailure` if that cannot be read.
    public init(host: String, port: Int, tlsOf folder: DataFolder) throws {
        try Self.check(port)
        self.host = host
        self.port = port
        do {
            let chain = try Self.chain(of: folder)
            let key = try NIOSSLPrivateKey(
                bytes: Array(try PrivateFile.read(folder.path + "/server.key").utf8), format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(key))
            tls.minimumTLSVersion = .tlsv12
            // Asked with each handshake, so that a new authority counts at once.
            let shelf = CertificateShelf(chain)
            tls.sslContextCallback = { _, promise in
                var changed = NIOSSLContextConfigurationOverride()
                changed.certificateChain = shelf.chain
                promise.succeed(changed)
            }
            self.shelf = shelf
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
        shelf = nil
    }

    private static func chain(of folder: DataFolder) throws -> [NIOSSLCertificateSource] {
        try NIOSSLCertificate.fromPEMBytes(Array(try folder.serverCertificates().utf8)).map { .certificate($0) }
    }

    /// Shows the folder's present certificates from the next handshake on. Nothing to do over plain HTTP.
    func showCertificates(of folder: DataFolder) throws { shelf?.put(try Self.chain(of: folder)) }

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
