import Ledger
import Wire

extension Collector {
    /// What `GET /v1/keys` answers.
    public var publishedKeys: PublishedKeys {
        let identity = identity
        return PublishedKeys(
            collector: identity.name, receiptKey: identity.key.publicKey, authority: identity.authority,
            successions: identity.successions.map(\.serialized))
    }

    /// Speaks with other keys from now on, and puts it on record. The caller has made them durable. Throws `StoreError`;
    /// the keys count all the same.
    public func take(_ identity: CollectorIdentity, because message: String, now: Int64) async throws {
        holder.change(to: identity)
        try await store.write { transaction in
            try self.record(
                EventRow(time: now, kind: .keyChanged, kiosk: nil, epoch: 0, message: message), in: transaction)
        }
    }
}
