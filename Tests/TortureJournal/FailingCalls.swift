import FoundationEssentials
import Glibc
import RealPrograms
import SeededRandom
import Torture

/// The calls of G5 and how `strace` makes the Nth of them fail.
struct FailingCall {
    static let names = [
        "fdatasync", "pwrite64", "ftruncate", "openat", "fsync", "rename", "unlink", "write", "fallocate",
    ]
    static let errors = ["EIO", "ENOSPC"]
    private static let files = [
        "", "/journal.db", "/journal.db-wal", "/enrolment.note", "/enrolment.note.new", "/journal.ballast",
        "/journal.suspect", "/journal.suspect.new", "/journal.key", "/journal.lock", "/journal.newest",
    ]

    var name: String
    var error: String
    var number: Int

    /// `-D` makes the tracer a grandchild, so that the process started is the program itself.
    func wrapper(directory: String, log: String) -> [String] {
        ["strace", "-D", "-f", "-q", "-o", log] + Self.files.flatMap { ["-P", directory + $0] } + [
            "-e", "trace=\(name)", "-e", "inject=\(name):error=\(error):when=\(number)",
        ]
    }

    /// Whether the call was made to fail. The tracer may write its last lines after the program's end.
    static func tookEffect(log: String) -> Bool {
        ((try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? "").contains("(INJECTED)")
    }
}

/// G5: a call that fails is never thanked and never forgotten: the Nth fdatasync, pwrite64 … on the journal's files fails
/// with EIO and ENOSPC, for N = 1 until a run in which none did. One try is one failed call.
///
/// `writer`: a journal-writer with receipts and compaction; the next one must start on what is left and store.
/// `kiosk`: the real program; what the visitor saw as recorded must be there, what failed must be told or end the program,
/// and the next start must take presses again.
struct FailingCalls {
    enum Subject { case writer, kiosk }

    var subject: Subject
    var names = FailingCall.names
    /// Of the writer whose calls fail.
    var options: [String] = []
    /// A library for the kiosk whose calls fail, which stands between it and the C library.
    var library: String?
    /// Every so-manieth call only; 1 in the N tier.
    var each = 1
    var promise: String { subject == .writer ? "G5 failing calls" : "G5 failing calls of otsenka-kiosk" }

    func run(_ trial: Trial) throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        for name in names {
            for error in FailingCall.errors {
                var call = FailingCall(name: name, error: error, number: 1 + Int(trial.seed % UInt64(each)))
                while row.tries < trial.tries {
                    let failed =
                        try subject == .writer ? failWriter(call, trial, &row) : failKiosk(call, trial, &row)
                    guard failed else { break }
                    row.tries += 1
                    row.faults += 1
                    call.number += each
                    trial.progress.tell(row, of: trial.tries)
                }
            }
        }
        return row
    }

    /// False when the call did not come so often.
    private func failWriter(_ call: FailingCall, _ trial: Trial, _ row: inout Tried) throws -> Bool {
        let directory = try trial.place.subfolder("fail") + "/journal"
        let log = directory + ".strace"
        defer { for path in [directory, log] { try? FileManager.default.removeItem(atPath: path) } }
        var oracle = WriterOracle()
        try write("0")
        let writer = try Writer(
            [directory, "12", "--receipts", "--first", "1000"] + options, at: trial.place,
            wrapper: call.wrapper(directory: directory, log: log))
        for line in try writer.readToEnd() { oracle.hear(line) }
        let status = writer.end()
        guard FailingCall.tookEffect(log: log) else { return false }
        if ![0, 75].contains(status ?? -1) { row.violate("\(call): it ended with \(status ?? -1)") }
        if let failure = oracle.failure, status == 0 { row.violate("\(call): it went on after \(failure)") }
        try write("2000")
        try oracle.compare(StoredJournal.read(directory))
        for complaint in oracle.takeComplaints() { row.violate("\(call): \(complaint)") }
        return true

        func write(_ first: String) throws {
            let writer = try Writer([directory, "12", "--receipts", "--first", first], at: trial.place)
            for line in try writer.readToEnd() { oracle.hear(line) }
            if writer.end() != 0 { row.violate("\(call): without a fault it failed: \(oracle.failure ?? "")") }
        }
    }

    /// False when the call did not come so often.
    private func failKiosk(_ call: FailingCall, _ trial: Trial, _ row: inout Tried) throws -> Bool {
        let rig = try KioskRig("rig", at: trial.place)
        let log = rig.folder + "/strace.log"
        defer { try? FileManager.default.removeItem(atPath: rig.folder) }
        var random = SplitMix(trial.seed ^ UInt64(call.number))
        var oracle = AnswerOracle()
        var told = false
        let preload = library.map { ["env", "LD_PRELOAD=\($0)"] } ?? []
        if try rig.start(wrapper: call.wrapper(directory: rig.data, log: log) + preload) {
            told = try visit(rig, &oracle, &random)
        }
        let status = told ? rig.ended() : rig.end()
        guard FailingCall.tookEffect(log: log) else { return false }
        if told, status != 75 { row.violate("\(call): after “not recorded” it ended with \(status ?? -1)") }
        // Started again, as a service manager does, it must take presses.
        guard try rig.start() else {
            row.violate("\(call): it does not start again: \(said(rig))")
            return true
        }
        for _ in 0..<2 {
            guard let answer = try rig.answer(&random) else {
                row.violate("\(call): nobody is asked after the next start: \(said(rig))")
                break
            }
            // What was under way in the run before is settled by what is stored now.
            oracle.press(answer)
            if rig.next(after: rig.question(of: answer)) == nil {
                row.violate("\(call): no thanks after the next start")
            }
            oracle.thanks()
        }
        rig.end()
        for complaint in oracle.compare(try rig.answers()) { row.violate("\(call): \(complaint)") }
        return true
    }

    /// Four presses; true when one of them was told to be not recorded, or the kiosk closed itself.
    private func visit(_ rig: KioskRig, _ oracle: inout AnswerOracle, _ random: inout SplitMix) throws -> Bool {
        for _ in 0..<4 {
            guard let answer = try rig.answer(&random) else { return rig.screen()?.name == "closed" || rig.hasEnded }
            oracle.press(answer)
            switch rig.next(after: rig.question(of: answer)) {
            case "not-recorded", "closed", nil: return true
            default: oracle.thanks()
            }
        }
        return false
    }

    private func said(_ rig: KioskRig) -> String {
        let said = (try? String(contentsOf: URL(filePath: rig.log), encoding: .utf8)) ?? ""
        return String(said.suffix(300))
    }
}
