import Crypto
import Foundation
import X509

/// What a server shows, as PEM.
struct ServerCertificate: Sendable {
    var certificate: String
    var key: String
}

/// An authority that issues certificates with any dates.
struct TortureAuthority {
    private let key: P256.Signing.PrivateKey
    private let name: DistinguishedName

    /// The collector's own: whom the kiosk was told to believe.
    init(ofCollectorIn folder: String) throws {
        func text(_ file: String) throws -> String {
            try String(contentsOf: URL(filePath: "\(folder)/\(file)"), encoding: .utf8)
        }
        key = try P256.Signing.PrivateKey(pemRepresentation: try text("authority.key"))
        name = try Certificate(pemEncoded: try text("authority.pem")).subject
    }

    /// Another one, of its own name or of another's.
    init(pretendingToBe other: TortureAuthority? = nil) throws {
        key = P256.Signing.PrivateKey()
        name = try other?.name ?? DistinguishedName { CommonName("a public authority") }
    }

    /// A server's certificate for `host`, from and to in seconds since 1970.
    func issue(host: String, from: Int64, to: Int64) throws -> ServerCertificate {
        let key = P256.Signing.PrivateKey()
        let leaf = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: Date(timeIntervalSince1970: Double(from)),
            notValidAfter: Date(timeIntervalSince1970: Double(to)), issuer: name,
            subject: try DistinguishedName { CommonName("torture") }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([.dnsName(host)])
            },
            issuerPrivateKey: .init(self.key))
        return ServerCertificate(
            certificate: try leaf.serializeAsPEM().pemString + "\n", key: key.pemRepresentation + "\n")
    }
}
