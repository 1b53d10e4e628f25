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
    /// Of the authority and of the server's certificate: they should outlive a kiosk.
    private static let years = 20.0

    /// Makes new P-256 keys. `hosts` are the names and addresses under which the server is reached; `now` in seconds since
    /// 1970.
    public init(collector: String, hosts: [String], now: Int64) throws {
        let authorityKey = P256.Signing.PrivateKey()
        let serverKey = P256.Signing.PrivateKey()
        let notAfter = Self.end(now)
        let root = try Self.authority(
            Self.name(of: collector), authorityKey.publicKey, issuer: Self.name(of: collector), by: authorityKey,
            until: notAfter)
        let leaf = try Self.leaf(collector, hosts, serverKey.publicKey, issuer: root, by: authorityKey, until: notAfter)
        certificate = try Self.pem(root)
        key = authorityKey.pemRepresentation + "\n"
        serverCertificate = try Self.pem(leaf)
        self.serverKey = serverKey.pemRepresentation + "\n"
    }

    /// An authority that follows another one.
    struct Next {
        let certificate: String
        let key: String
        /// The server's certificate under the new authority, then the new authority as the old one signs it, then all that
        /// the old chain had between it and the first authority.
        let chain: String

        /// `chain` is the server's present one, `serverKey` stays. Throws `CollectorFailure` for an authority that may
        /// sign no other.
        init(
            after old: String, key oldKey: String, chain: String, collector: String, hosts: [String],
            serverKey: String, now: Int64
        ) throws {
            let before = try Certificate(pemEncoded: old)
            let beforeKey = try P256.Signing.PrivateKey(pemRepresentation: oldKey)
            if case .isCertificateAuthority(.some) = try before.extensions.basicConstraints {
                throw CollectorFailure(
                    .configuration,
                    "this authority was made by an early version and may sign no successor; enrol the kiosks with a new "
                        + "collector folder")
            }
            let made = P256.Signing.PrivateKey()
            let subject = try Authority.name(of: collector)
            let root = try Authority.authority(
                subject, made.publicKey, issuer: subject, by: made, until: Authority.end(now))
            let bridge = try Authority.authority(
                subject, made.publicKey, issuer: before.subject, by: beforeKey, until: before.notValidAfter)
            let server = try P256.Signing.PrivateKey(pemRepresentation: serverKey)
            let leaf = try Authority.leaf(
                collector, hosts, server.publicKey, issuer: root, by: made, until: Authority.end(now))
            certificate = try Authority.pem(root)
            key = made.pemRepresentation + "\n"
            let mark = "-----END CERTIFICATE-----\n"
            let bridges = chain.split(separator: mark).dropFirst().map { $0 + mark }.joined()
            self.chain = try Authority.pem(leaf) + Authority.pem(bridge) + bridges
        }
    }

    private static func end(_ now: Int64) -> Date { Date(timeIntervalSince1970: Double(now) + years * 365.25 * 86400) }

    private static func pem(_ certificate: Certificate) throws -> String {
        try certificate.serializeAsPEM().pemString + "\n"
    }

    private static func name(of collector: String) throws -> DistinguishedName {
        try DistinguishedName { CommonName("Otsenka collector \(collector)") }
    }

    /// No limit of the path's length: each change of the authority makes the path from the first one longer.
    private static func authority(
        _ subject: DistinguishedName, _ publicKey: P256.Signing.PublicKey, issuer: DistinguishedName,
        by key: P256.Signing.PrivateKey, until end: Date
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(publicKey),
            notValidBefore: notBefore, notValidAfter: end, issuer: issuer, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            },
            issuerPrivateKey: .init(key))
    }

    private static func leaf(
        _ collector: String, _ hosts: [String], _ publicKey: P256.Signing.PublicKey, issuer: Certificate,
        by key: P256.Signing.PrivateKey, until end: Date
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(publicKey),
            notValidBefore: notBefore, notValidAfter: end, issuer: issuer.subject,
            subject: try DistinguishedName { CommonName(collector) }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(hosts.map(name))
            },
            issuerPrivateKey: .init(key))
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
