import Crypto
import FoundationEssentials

/// What tells releases and machines apart in records.
public enum Release {
    /// The version of this release, as `boot` records and heartbeats carry it.
    public static let version = "0.1.0"

    /// A digest of the machine's id (machine-id(5)), so that two machines can be told apart and none can be traced:
    /// machine-id asks to be hashed with a fixed, application-specific key before it leaves the machine.
    public static func hardwareDigest() -> String {
        let id = (try? String(contentsOfFile: "/etc/machine-id", encoding: .utf8)) ?? "none"
        let digest = SHA256.hash(data: Data("otsenka hardware\n\(id)".utf8))
        return Data(digest.prefix(12)).base64EncodedString()
    }
}
