import FoundationEssentials

/// The text by which a journal key vouches for a transport key. Its prefix keeps it apart from every other thing signed.
public enum TransportStatement {
    public static func bytes(journalKey: PublicKey, transportKey: PublicKey) -> Data {
        Data("otsenka transport key\ned25519\n\(journalKey.base64)\n\(transportKey.base64)\n".utf8)
    }
}
