import FoundationEssentials
import Ledger

/// The private journal keys of this machine, the one of its first start first. Older ones still sign what was written
/// under them, as long as the collector may ask for it.
struct JournalKeyRing {
    /// By the number in the file's name: 1 for `journal.key`, n for `journal.key-n`.
    /// Of this machine's first start.
    let first: SigningKey
    /// `first` too.
    private(set) var keys: [(number: Int, key: SigningKey)]

    /// So many files are looked for; each change of the key takes the next number.
    static let maximumNumber = 64

    var publicKeys: [PublicKey] { keys.map(\.key.publicKey) }

    subscript(_ publicKey: PublicKey) -> SigningKey? { keys.first { $0.key.publicKey == publicKey }?.key }

    /// Reads the first key, or makes it, and all later ones. Throws `JournalError.key`.
    static func load(_ files: JournalFiles, mayCreate: Bool) throws(JournalError) -> JournalKeyRing {
        let first = try JournalKeyFile.load(files, mayCreate: mayCreate)
        var ring = JournalKeyRing(first: first, keys: [(1, first)])
        for number in 2...maximumNumber where files.size(of: files.key(number)) != nil {
            ring.keys.append((number, try JournalKeyFile.load(files.key(number), files)))
        }
        return ring
    }

    /// Makes a new key under the number after the highest of `used`; durable when it returns, and of no consequence until
    /// a record of the chain names it.
    mutating func make(after used: [PublicKey], _ files: JournalFiles) throws(JournalError) -> SigningKey {
        let number = (keys.last { used.contains($0.key.publicKey) }?.number ?? 1) + 1
        guard number <= Self.maximumNumber else {
            throw .key(path: files.key, reason: "it was changed \(Self.maximumNumber) times; enrol a new machine")
        }
        let key = SigningKey()
        try files.replace(files.key(number), with: key.seed)
        keys.removeAll { $0.number >= number }
        keys.append((number, key))
        return key
    }
}
