/// Which journal key speaks for which record of one epoch.
///
/// An epoch begins with the key in its genesis. A `key` record of the chain with a succession of the role `journal` hands
/// over: the checkpoint of that record and of every later one is the new key's, those before it stay the old one's. So the
/// records alone tell which key to believe at which sequence, and a verifier needs nothing else.
public struct JournalKeys: Equatable, Sendable {
    /// A hand-over in the chain.
    public struct Change: Equatable, Sendable {
        /// The `key` record.
        public var sequence: Int64
        public var succession: KeySuccession
        var key: PublicKey
    }

    public let kiosk: String
    /// The key of the genesis.
    public let first: PublicKey
    public private(set) var changes: [Change] = []

    /// The most changes in one epoch: a checkpoint is signed by each key since the genesis, and a note holds 16
    /// signatures. Enrolling again begins anew.
    public static let maximumChanges = 8

    public init(kiosk: String, first: PublicKey) {
        self.kiosk = kiosk
        self.first = first
    }

    /// The key whose signature makes a checkpoint of this record.
    public func key(at sequence: Int64) -> PublicKey {
        changes.last { $0.sequence <= sequence }?.key ?? first
    }

    /// The newest key.
    public var current: PublicKey { changes.last?.key ?? first }

    /// Of the newest key; 1 for that of the genesis if nobody says otherwise.
    public var generation: Int { changes.last?.succession.generation ?? 1 }

    /// Takes the succession that record `sequence` carries. Throws `SuccessionError` and changes nothing unless the newest
    /// key so far signed it for a new one, for this kiosk, with a higher generation, after every earlier change.
    public mutating func take(_ succession: KeySuccession, at sequence: Int64) throws(SuccessionError) {
        guard succession.role == .journal, succession.subject == kiosk, succession.old == current.bytes,
            succession.generation > generation, sequence > changes.last?.sequence ?? 0,
            changes.count < Self.maximumChanges, let key = succession.newKey
        else { throw .outOfPlace }
        try succession.verify(by: current)
        changes.append(Change(sequence: sequence, succession: succession, key: key))
    }

    /// What was known before this record.
    public func before(_ sequence: Int64) -> JournalKeys {
        var keys = self
        keys.changes.removeAll { $0.sequence >= sequence }
        return keys
    }
}
