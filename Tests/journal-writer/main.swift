// journal-writer DIRECTORY [COUNT] [OPTION…]: stores answers in the journal there and says what it does, one line each, so
// that whoever reads along knows what must be there after it was killed. Ends by itself after COUNT presses, and with the
// Contract's exit status after an error, which it prints.
//
//   open EPOCH SEQUENCE RECEIPTED ANCHOR     the journal is open
//   damaged REASON                           a damaged store was set aside
//   press SESSION                            a record is going to be stored
//   thanks SESSION EPOCH SEQUENCE HASH       it is durable
//   receipting SEQUENCE, receipt SEQUENCE    a receipt is going to be stored, and is durable
//   compacting, compacted EPOCH ANCHOR       receipted records are going to be deleted, and are
//   enrolling EPOCH, enrolled EPOCH          the next epoch is going to be opened, and is
//   closing, closed                          the journal is going to be closed in order, and is
//   failed ERROR
//
// Options: --first N (the number of the first press), --receipts (it is its own collector), --rounds N (open and close so
// often), --enrol (each round but the first opens an epoch), --wrong WHAT (see `Wrong`).

import Glibc
import KioskJournal

guard let options = WriterOptions(CommandLine.arguments.dropFirst()) else {
    say("usage: journal-writer DIRECTORY [COUNT] [--first N] [--receipts] [--rounds N] [--enrol] [--wrong WHAT]")
    exit(64)
}
do throws(JournalError) {
    var workload = Workload(options)
    for round in 0..<options.rounds { try workload.run(round) }
} catch {
    say("failed \(error)")
    exit(error.exitStatus)
}

/// One write(2) for each line: what has been said cannot stay behind in a buffer.
func say(_ line: String) {
    var bytes = Array((line + "\n").utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        guard count > 0 else { exit(74) }
        bytes = bytes.dropFirst(count)
    }
}
