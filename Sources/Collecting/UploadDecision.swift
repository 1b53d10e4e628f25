import Ledger

/// What the collector knows of a chain when a batch or a heartbeat comes.
struct ChainFacts: Equatable, Sendable {
    var state: EpochState
    /// H: the newest stored record.
    var head: ChainHead
    var claim: HeadClaim?
    /// The stored hash of the last record that the batch and the store share; nothing when they share none.
    var shared: ChainHash?
    /// The stored hash of the record that the request's signed head names; nothing when it names none below H.
    var atSignedHead: ChainHash?
}

/// What is to be done with a batch (`reliability.md` §6.3). Everything but `store` leaves the chain as it is.
enum UploadDecision: Equatable, Sendable {
    /// Insert the records from this one on.
    case store(from: Int64)
    /// Everything is there already: give the receipt again.
    case repeated
    case gap(need: Int64)
    /// The kiosk holds a receipt for records that the collector has not.
    case rewindCollector(need: Int64)
    /// The kiosk's newest record is older than what it has sent: the epoch closes.
    case rewindKiosk
    case fork
    case epochClosed
    case revoked
}

/// What a signed head tells beside the records.
enum HeadVerdict: Equatable, Sendable {
    case plain
    /// Below what is stored: the card was set back.
    case rewound
    /// Not below what is stored, but below what the kiosk had signed: its unsent tail is gone.
    case tailCut
    /// Made before the newest request that was seen: a repeat on its way for long, not news.
    case late
}

extension RequestMoment {
    /// Whether the kiosk made this request after the one that carried `claim`, by its boot clock alone.
    ///
    /// libcurl repeats requests by itself and networks deliver late, so a head below the stored one proves nothing
    /// unless the request is newer. The boot clock of a chain never goes back. The wall clock goes anywhere, by years
    /// where a battery is empty or an NTP server lies, so no decision looks at it.
    func isLater(than claim: HeadClaim) -> Bool {
        clock.boot != claim.boot ? clock.boot > claim.boot : clock.bootMilliseconds > claim.bootMilliseconds
    }

    /// Whether the claim of `claim` may give way to this request's, which signs `sequence`.
    ///
    /// Files come in any order and from kiosks whose wall clock nobody sets, so for them the boot clock alone tells which
    /// is newer, and a claim is never lowered.
    func replaces(_ claim: HeadClaim, with sequence: Int64) -> Bool {
        guard isCarried else { return isLater(than: claim) }
        return sequence >= claim.sequence
            && (clock.boot, clock.bootMilliseconds) > (claim.boot, claim.bootMilliseconds)
    }
}

extension ChainFacts {
    /// Judges the head that a request carries.
    func verdict(on signed: ChainHead, at moment: RequestMoment) -> HeadVerdict {
        guard let claim else { return .plain }
        // A file is old by its nature: its head may close no epoch and raise no alarm. A card that was set back shows as
        // a fork as soon as it has written anything.
        if moment.isCarried { return signed.sequence < max(claim.sequence, head.sequence) ? .late : .plain }
        if isAnotherPast(signed) { return .rewound }
        guard moment.isLater(than: claim) else { return signed.sequence < claim.sequence ? .late : .plain }
        if signed.sequence < head.sequence { return .rewound }
        return signed.sequence < claim.sequence ? .tailCut : .plain
    }

    /// Whether the kiosk signs another record than the one that is stored at that sequence.
    ///
    /// No clock is needed for a card that was set back: it counts its boots again, but the start of the program writes a
    /// record of its own, so its head never names a record as it is stored. A late repeat of an honest kiosk always does.
    private func isAnotherPast(_ signed: ChainHead) -> Bool {
        signed.sequence < head.sequence && atSignedHead.map { $0 != signed.hash } ?? false
    }

    /// Decides over a checked batch. `receipted` is the sequence of the newest valid receipt that the kiosk shows.
    func decide(_ batch: BatchOutline, receipted: Int64) -> UploadDecision {
        if state == .revoked { return .revoked }
        let need = head.sequence + 1
        if state != .closed {
            if verdict(on: batch.head, at: batch.moment) == .rewound { return .rewindKiosk }
            // A batch that brings what is needed is taken, although the receipt stays above H until all is back.
            if receipted > head.sequence, !(batch.first...batch.last).contains(need) {
                return .rewindCollector(need: need)
            }
        }
        let differs =
            batch.first <= head.sequence && shared != batch.sharedHash
            || batch.first == need && batch.previous != head.hash
            || batch.head.sequence == head.sequence && batch.head.hash != head.hash
        if differs { return state == .closed ? .epochClosed : .fork }
        if batch.last <= head.sequence { return .repeated }
        if state == .closed { return .epochClosed }
        if batch.first > need { return .gap(need: need) }
        return .store(from: need)
    }
}

/// The parts of a checked batch that the decision looks at.
struct BatchOutline: Equatable, Sendable {
    var first: Int64
    var last: Int64
    /// The hash before `first`.
    var previous: ChainHash
    /// The batch's hash of the last record that it shares with the store; nothing when they share none.
    var sharedHash: ChainHash?
    /// The kiosk's newest record.
    var head: ChainHead
    var moment: RequestMoment
}
