import Ledger

/// What a status line, a heartbeat or a technician's screen says of the journal at one moment.
public struct JournalFacts: Equatable, Sendable {
    /// Nothing before enrolment.
    public let enrolment: JournalEnrolment?
    /// The collector's newest receipt key that this kiosk knows of; nothing before enrolment.
    public let receiptKey: PublicKey?
    /// The present journal key; that of the enrolment unless it was changed since.
    public let journalKey: PublicKey
    /// How many times the program has started, this start included.
    public let boot: Int
    /// The newest record of the present epoch; nothing before enrolment.
    public let head: ChainHead?
    /// The highest receipted record of the present epoch, 0 before the first receipt.
    public let receipted: Int64
    /// The newest receipt of the present epoch.
    public let receipt: String?
    /// Records of all epochs that wait for a receipt and are still offered.
    public let unsent: Int64
    public let capacity: JournalCapacity
    /// What was set aside as damaged when the journal was opened.
    public let setAside: SetAside?
    /// After a failure of a large store: its older records have yet to be looked at.
    public let isUnderCheck: Bool
    /// The number of the newest technician's visit that was opened; 0 before the first.
    public let maintenance: Int64
}

extension Journal {
    /// The facts of this moment. The capacity may be some records old; `capacity()` asks anew.
    public var facts: JournalFacts {
        JournalFacts(
            enrolment: enrolment, receiptKey: enrolment.map { receiptKey(of: $0) }, journalKey: publicKey, boot: boot,
            head: head, receipted: receipted, receipt: receipt, unsent: unsent,
            capacity: gauge.capacity, setAside: setAside, isUnderCheck: isUnderCheck,
            maintenance: maintenance)
    }
}
