// journal-writer DIRECTORY [COUNT]: stores answers in the journal there and says of each one when it is durable, as
// "<epoch> <sequence> <hash>". A journal without an enrolment is enrolled with a collector that nobody knows. The kill tests end it at any moment and then look for what it said; it ends by itself after
// COUNT records, and with the Contract's exit status after an error, which it prints.

import Glibc
import KioskJournal
import Ledger
import Ratings

/// One write(2) for each line: what has been said cannot stay behind in a buffer.
func say(_ line: String) {
    var bytes = Array((line + "\n").utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        guard count > 0 else { exit(74) }
        bytes = bytes.dropFirst(count)
    }
}

func store(in directory: String, count: Int) throws(JournalError) {
    let stamp = RecordStamp(bootMilliseconds: 1, wall: "2026-11-22T08:27:08.123Z", clock: .free)
    var limits = JournalLimits()
    limits.ballastBytes = 64 << 10
    let journal = try Journal.openOrQuarantine(directory: directory, at: stamp, limits: limits)
    if let setAside = journal.setAside { say("damaged \(setAside.reason)") }
    if journal.enrolment == nil, let kiosk = KioskID(rawValue: "writer") {
        try journal.enrol(
            JournalEnrolment(
                kiosk: kiosk, epoch: 1, journalKey: journal.publicKey, collector: "https://collector.example",
                collectorName: "collector.example", receiptKey: SigningKey().publicKey, collectorNonce: "bm9uY2U"))
    }
    say("open \(journal.head?.sequence ?? 0)")
    for index in 0..<count {
        let answer = Answer(
            session: SessionID(bits: UInt64(index)), question: "overall", value: index % 5 + 1, language: "ru",
            elapsedMilliseconds: 1800)
        let record = try journal.append(.answer(answer), at: stamp)
        say("\(record.epoch) \(record.sequence) \(record.hash)")
    }
    try journal.close()
}

guard let directory = CommandLine.arguments.dropFirst().first else {
    say("usage: journal-writer DIRECTORY [COUNT]")
    exit(64)
}
do throws(JournalError) {
    try store(in: directory, count: CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? .max)
} catch {
    say("failed \(error)")
    exit(error.exitStatus)
}
