import Crypto
import FoundationEssentials
import Ledger
import SwiftASN1
import X509

/// The collector's own certificate authority and the server certificate under it, all as PEM.
///
/// A kiosk is told the pin of the server's key before it enrols, and the authority while it enrols, so nothing outside the
/// two takes part in their trust. Dates are wide on purpose: a kiosk without a battery may believe it is years ago, and
/// trust here rests on the key, not on the date.
public struct Authority: Sendable {
    public let certificate: String
    public let key: String
    public let serverCertificate: String
    public let serverKey: String

    private static let notBefore = Date(timeIntervalSince1970: 946_684_800)  // 2000-01-01
    /// Of the authority and of the server's certificate: until renewal exists they must outlive a kiosk.
    private static let years = 20.0

    /// Makes new P-256 keys. `hosts` are the names and addresses under which the server is reached; `now` in seconds since
    /// 1970.
    public init(collector: String, hosts: [String], now: Int64) throws {
        let authorityKey = P256.Signing.PrivateKey()
        let serverKey = P256.Signing.PrivateKey()
        let notAfter = Date(timeIntervalSince1970: Double(now) + Self.years * 365.25 * 86400)
        let issuer = try DistinguishedName {
            CommonName("Otsenka collector \(collector)")
        }
        let subject = try DistinguishedName {
            CommonName(collector)
        }
        let root = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(authorityKey.publicKey),
            notValidBefore: Self.notBefore, notValidAfter: notAfter, issuer: issuer, subject: issuer,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            },
            issuerPrivateKey: .init(authorityKey))
        let leaf = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(serverKey.publicKey),
            notValidBefore: Self.notBefore, notValidAfter: notAfter, issuer: issuer, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(hosts.map(Self.name))
            },
            issuerPrivateKey: .init(authorityKey))
        certificate = try root.serializeAsPEM().pemString + "\n"
        key = authorityKey.pemRepresentation + "\n"
        serverCertificate = try leaf.serializeAsPEM().pemString + "\n"
        self.serverKey = serverKey.pemRepresentation + "\n"
    }

    private static func name(_ host: String) -> GeneralName {
        guard let bytes = addressBytes(host) else { return .dnsName(host) }
        return .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
    }

    /// `sha256//` and the base64 of the SHA-256 of the key's SubjectPublicKeyInfo, as CURLOPT_PINNEDPUBLICKEY spells it.
    public static func pin(ofServerKey pem: String) throws -> String {
        let key = try P256.Signing.PrivateKey(pemRepresentation: pem)
        let digest = SHA256.hash(data: key.publicKey.derRepresentation)
        return "sha256//" + Data(digest).base64EncodedString()
    }
}
