import Ledger
import Ratings

// A fake kiosk changes its keys as a real one does.

extension FakeKiosk {
    /// Hands the journal key over to a new one, in a record of the chain.
    public mutating func changeJournalKey() throws {
        let new = SigningKey()
        let old = laterKeys.last ?? journalKey
        let succession = try KeySuccession(
            .journal, of: id.rawValue, generation: keys.generation + 1, from: old.publicKey, to: new,
            time: wall / 1000, signedBy: [old])
        add(key: new)
        try append(succession)
    }

    /// Stores the `key` record of a succession, and counts by it from there on.
    mutating func append(_ succession: KeySuccession) throws {
        try append(
            .key(
                KeyChange(
                    purpose: .journal, old: succession.old.base64EncodedString(),
                    new: succession.new.base64EncodedString(), signatureByOld: "", signatureByNew: "",
                    note: succession.serialized)))
        try follow(succession)
    }

    /// Gives the transport key to a new one, which all journal keys vouch for.
    public mutating func changeTransportKey() throws {
        let new = SigningKey()
        speak(
            with: new,
            try KeySuccession(
                .transport, of: id.rawValue, generation: (transportSuccession?.generation ?? 1) + 1,
                from: transportSuccession?.oldKey ?? transportKey.publicKey, to: new, time: wall / 1000,
                signedBy: [journalKey] + laterKeys))
    }
}
