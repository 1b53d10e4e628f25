import Crypto
import Foundation
import X509

/// What a server shows, as PEM.
struct ServerCertificate: Sendable {
    var certificate: String
    var key: String
}

/// An authority of the torture's own, which issues certificates with any dates.
struct TortureAuthority {
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName
    let certificate: String

    init(_ name: String) throws {
        self.name = try DistinguishedName { CommonName(name) }
        let root = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: Date(timeIntervalSince1970: 0), notValidAfter: Date(timeIntervalSince1970: 4_000_000_000),
            issuer: self.name, subject: self.name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            },
            issuerPrivateKey: .init(key))
        certificate = try root.serializeAsPEM().pemString + "\n"
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
