// The collector's own signatures over rows of its store.
//
// Constraints: a row that no kiosk signed (times, places, clocks, states) must not be changeable unnoticed by somebody
// who has the store but not the key. Format: Ed25519 by the receipt key over lines of text; the first line names the
// purpose, so that a seal can never be taken for a receipt (`cosignature/v1`) or for another row's seal. No field holds
// a newline (places are checked when a kiosk is added) except the notes, which stand last. Operations: `seal` and
// `holds` for an epoch, an epoch's state, and an arrival.

import FoundationEssentials
import Ledger

enum Seal {
    static func text(of epoch: EpochRow, after previous: String) -> String {
        """
        otsenka seal of an epoch
        \(epoch.chain)
        \(epoch.kiosk)/\(epoch.epoch)
        \(epoch.place.office)
        \(epoch.place.service)
        \(epoch.place.window)
        \(epoch.journalKey.base64)
        \(epoch.transportKey.base64)
        \(epoch.certificate)
        \(epoch.collectorNonce)
        \(epoch.origin.rawValue)
        \(epoch.opened)
        \(previous)

        """
    }

    static func text(ofStateOf epoch: EpochRow) -> String {
        let claim = epoch.claim.map { "\($0.sequence) \($0.created) \($0.boot) \($0.bootMilliseconds)" } ?? "none"
        return """
            otsenka seal of a state
            \(epoch.chain)
            \(epoch.state.rawValue)
            \(epoch.head.sequence)
            \(epoch.head.hash.base64)
            \(epoch.floor)
            \(epoch.received.map(String.init) ?? "none")
            \(epoch.branches)
            \(claim)
            \(epoch.claim?.note ?? "")
            \(epoch.receipt ?? "")

            """
    }

    static func text(of event: EventRow, after previous: String) -> String {
        """
        otsenka seal of an event
        \(event.time)
        \(event.kind.rawValue)
        \(event.kiosk?.rawValue ?? "-")/\(event.epoch)
        \(previous)
        \(event.message)

        """
    }

    static func text(of arrival: ArrivalRow) -> String {
        """
        otsenka seal of an arrival
        \(arrival.chain)
        \(arrival.first)-\(arrival.last)
        \(arrival.received)
        \(arrival.clocks.text)
        \(arrival.checkpoint)

        """
    }

    static func sign(_ text: String, with key: SigningKey) throws -> String {
        try key.signature(over: Data(text.utf8)).base64EncodedString()
    }

    /// Whether one of the keys made the seal; the present one stands first, and nearly all are its.
    static func holds(_ seal: String, over text: String, by keys: [PublicKey]) -> Bool {
        guard let signature = Data(base64Encoded: seal) else { return false }
        return keys.contains { $0.verifies(signature, over: Data(text.utf8)) }
    }
}
