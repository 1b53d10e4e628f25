/// What is put through a simulation: the product, or one that is wrong on purpose.
///
/// The product's modules are the same for all; what is wrong is only how this folder composes them.
public enum Subject: String, Sendable, CaseIterable {
    case product
    /// The collector answers with a receipt before its store is durable (G23).
    case receiptBeforeCommit = "receipt-before-commit"
    /// The kiosk acknowledges a press before the disk has it (G2, `synchronous=NORMAL`).
    case thanksBeforeDurable = "thanks-before-durable"
    /// The kiosk takes any 200 for a receipt (G15).
    case acceptanceByStatus = "acceptance-by-status"
    /// The last writer wins (G24).
    case overwritingFork = "overwriting-fork"
    /// The kiosk does not hear `rewind_collector` (G25).
    case neverResending = "never-resending"
    /// The kiosk believes any receipt key that somebody publishes.
    case trustInAnyKey = "trust-in-any-key"
    /// The kiosk deletes what it has sent, receipted or not (G19).
    case deletionOfWhatWasSent = "deletion-of-what-was-sent"
    /// The kiosk puts a change of its journal key on record before the new key is durable.
    case recordBeforeKey = "record-before-key"
    /// The collector forgets the journal key before the present one.
    case forgottenJournalKey = "forgotten-journal-key"
    /// The collector hears every transport key that a kiosk ever had.
    case everyTransportKey = "every-transport-key"
}
