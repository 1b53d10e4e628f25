import Curl
import FoundationEssentials
import KioskControl
import Ledger
import Wire

// The collector's keys change, and the kiosk follows: `run` judges the successions, which the uplink only fetches.

extension UplinkProgram {
    /// Asks the collector how it came to its keys, lets `run` follow, and believes the newest authority from the next
    /// connection on. Whether the receipt key is another one than before. What goes wrong is tried again at the next
    /// occasion: nothing is lost by it.
    func followKeys(_ collector: CollectorClient) throws(UplinkError) -> Bool {
        guard var identity, let response = try? collector.publishedKeys(), response.status == 200,
            let published = try? JSONDecoder().decode(PublishedKeys.self, from: Data(response.body)),
            published.successions.count <= KeySuccession.maximumCount,
            published.successions.allSatisfy({ $0.utf8.count <= SignedNote.maximumBytes })
        else { return false }
        guard case .keys(let receiptKey, let authority) = try run.ask(.follow(successions: published.successions))
        else { return false }
        let isNew = receiptKey != identity.receiptKey
        identity.receiptKey = receiptKey
        let renewed = try believe(published.authority, digest: authority)
        followedKeys = PublishedKeys.digest(of: published.successions)
        reconnect(believing: identity, anew: renewed)
        if isNew || renewed {
            logger.notice(
                "the collector has changed a key, and the old one vouches for it",
                metadata: ["receipt-key": "\(isNew)", "authority": "\(renewed)"])
        }
        return isNew
    }

    /// Stores the authority whose digest `run` believes. Whether it is another one than before.
    private func believe(_ pem: String?, digest: String?) throws(UplinkError) -> Bool {
        guard let pem, let digest, KeySuccession.authorityDigest(pem).base64EncodedString() == digest,
            var record = try folder.collector(), record.authority != pem
        else { return false }
        record.authority = pem
        try folder.write(record)
        return true
    }
}

/// Gives the transport key of a state folder to a new one (`otsenka-kiosk key rotate transport`).
public enum TransportKeyChange {
    /// Makes the new key, lets `run` vouch for it, and leaves it for the uplink, which takes it at its next step. Throws
    /// `UplinkError`. `ask` asks `run` on `control.sock`; `seconds` since 1970 is a label.
    public static func perform(
        stateFolder: String, seconds: Int64, ask: (CommandRequest) throws -> CommandAnswer
    ) throws {
        let folder = StateFolder(path: stateFolder)
        guard let old = try folder.transportKey() else {
            throw UplinkError(
                UplinkError.absent,
                "\(stateFolder) holds no transport key; run otsenka-kiosk enrol with this --state-dir")
        }
        guard case .status(let status) = try ask(.status), let kiosk = status.kiosk,
            case .generation(let next) = try ask(.transportGeneration)
        else { throw UplinkError(UplinkError.absent, "otsenka-kiosk run is not enrolled; run otsenka-kiosk enrol") }
        // A journal that was lost has forgotten earlier changes, and the collector has not.
        let earlier = try folder.transportSuccession()
        let generation = max(next, (earlier?.generation ?? 1) + 1)
        // Always from the key of the enrolment: the collector may not have heard of those between.
        let given = earlier?.oldKey ?? old.publicKey
        let new = SigningKey()
        let own = try KeySuccession(
            .transport, of: kiosk.rawValue, generation: generation, from: given, to: new,
            time: max(0, seconds), signedBy: [])
        let answer = try ask(.vouch(note: own.serialized))
        guard case .succession(let note) = answer, let vouched = try? KeySuccession(parsing: note) else {
            let why = if case .failed(let reason) = answer { reason } else { "it gave another answer" }
            throw UplinkError(UplinkError.notPermitted, "otsenka-kiosk run does not vouch for the new key: \(why)")
        }
        try folder.write(new, succession: vouched)
    }
}
