import FoundationEssentials
import GRDB
import Ledger
import Ratings

// Which keys of others this kiosk believes: it begins with those of its enrolment and of its image, and follows
// successions that the old key has signed, over any number of steps. Each step is a `key` record of the chain.

/// The keys of others that a kiosk believes now.
public struct TrustedKeys: Equatable, Sendable {
    public var receiptKey: PublicKey
    /// `KeySuccession.authorityDigest` of the newest TLS authority; nothing while it is that of the enrolment.
    public var authority: Data?
    /// Whose signature makes a release; the ones that were given, each replaced by what followed it.
    public var releaseKeys: [PublicKey]
}

extension Journal {
    /// Follows the successions in these notes as far as they can be believed, and puts each new step on record; what
    /// cannot be believed, is known already or is not ours is passed over. `releaseRoots` are the release keys that the
    /// settings name. Throws `.notEnrolled`, and whatever storing a record throws.
    public func follow(
        _ notes: [String], releaseRoots: [PublicKey], at stamp: RecordStamp
    ) throws(JournalError) -> TrustedKeys {
        guard let enrolment else { throw .notEnrolled }
        let read = notes.prefix(KeySuccession.maximumCount).compactMap { try? KeySuccession(parsing: $0) }
        let receipts = KeySuccession.path(
            .receipt, of: enrolment.collectorName, from: receiptKey(of: enrolment), over: read)
        // A pin counts by the newest receipt key alone: an older one may be in foreign hands, which is why there is a new.
        let newest = receipts.last?.newKey ?? receiptKey(of: enrolment)
        let known = newestPin?.generation ?? 1
        let pin = read.filter { succession in
            succession.role == .pin && succession.subject == enrolment.collectorName && succession.generation > known
                && (try? succession.verify(by: newest)) != nil
        }.max { $0.generation < $1.generation }
        let releases = releasePaths(releaseRoots, over: successions + read).filter { !successions.contains($0) }
        let taken = receipts + [pin].compactMap(\.self) + releases
        if !taken.isEmpty {
            try requireRoom()
            try store(taken, at: stamp)
            try saveNote()
        }
        return try trusted(releaseRoots: releaseRoots)
    }

    /// What is believed now. Throws `.notEnrolled`.
    public func trusted(releaseRoots: [PublicKey]) throws(JournalError) -> TrustedKeys {
        guard let enrolment else { throw .notEnrolled }
        let paths = releasePaths(releaseRoots, over: successions)
        let followed = Set(paths.compactMap(\.oldKey))
        let keys = releaseRoots + paths.compactMap(\.newKey)
        return TrustedKeys(
            receiptKey: receiptKey(of: enrolment), authority: newestPin?.new,
            releaseKeys: keys.filter { !followed.contains($0) })
    }

    private var newestPin: KeySuccession? {
        successions.filter { $0.role == .pin && $0.subject == enrolment?.collectorName }
            .max { $0.generation < $1.generation }
    }

    private func releasePaths(_ roots: [PublicKey], over known: [KeySuccession]) -> [KeySuccession] {
        let subjects = Set(known.filter { $0.role == .release }.map(\.subject)).sorted()
        return roots.flatMap { root in
            subjects.flatMap { KeySuccession.path(.release, of: $0, from: root, over: known) }
        }
    }

    /// The receipt key of an enrolment's collector and all that followed it, the newest last.
    func receiptKeys(of enrolment: JournalEnrolment) -> [PublicKey] {
        if let known = followed[enrolment.receiptKey] { return known }
        let keys = KeySuccession.keys(
            .receipt, of: enrolment.collectorName, from: enrolment.receiptKey, over: successions)
        followed[enrolment.receiptKey] = keys
        return keys
    }

    /// The newest receipt key of an enrolment's collector that is known.
    func receiptKey(of enrolment: JournalEnrolment) -> PublicKey {
        receiptKeys(of: enrolment).last ?? enrolment.receiptKey
    }

    /// Reads what `store` wrote. Throws `Unreadable`.
    static func readTrust(_ db: Database) throws -> [KeySuccession] {
        try Row.fetchAll(db, sql: "SELECT note FROM trusted_key ORDER BY id").map { row in
            guard let note = row.value("note", String.self), let succession = try? KeySuccession(parsing: note) else {
                throw Unreadable(reason: "a succession of keys is not what it must be")
            }
            return succession
        }
    }
}
