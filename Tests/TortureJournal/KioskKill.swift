import FoundationEssentials
import Glibc
import RealPrograms
import SeededRandom
import Torture

/// G1 on the whole program: a visitor presses on the web display, sees the next screen, and `otsenka-kiosk run` is killed
/// 0–20 ms after a press or after a thanks.
struct KioskKill {
    static let killsPerJournal = 40

    func run(_ trial: Trial) throws -> Tried {
        var row = Tried("G1 process kill of otsenka-kiosk", seed: trial.seed)
        var random = SplitMix(trial.seed)
        var journal = 0
        while row.tries < trial.tries {
            journal += 1
            let rig = try KioskRig("rig-\(journal)", at: trial.place)
            defer { try? FileManager.default.removeItem(atPath: rig.folder) }
            var oracle = AnswerOracle()
            for _ in 0..<min(Self.killsPerJournal, trial.tries - row.tries) {
                try visit(rig, &oracle, &random)
                row.tries += 1
                row.faults += oracle.thanked.isEmpty ? 0 : 1
                for complaint in oracle.compare(try rig.answers()) { row.violate("journal \(journal): \(complaint)") }
                trial.progress.tell(row, of: trial.tries)
            }
        }
        return row
    }

    /// Up to three answers are thanked, perhaps one more is pressed, then the program is killed.
    private func visit(_ rig: KioskRig, _ oracle: inout AnswerOracle, _ random: inout SplitMix) throws {
        guard try rig.start() else { throw ChildError("the kiosk did not start; see \(rig.log)") }
        for _ in 0...random.next() % 3 {
            guard let answer = try rig.answer(&random) else { throw ChildError("nobody is asked; see \(rig.log)") }
            oracle.press(answer)
            guard rig.next(after: rig.question(of: answer)) != nil else {
                throw ChildError("no thanks; see \(rig.log)")
            }
            oracle.thanks()
        }
        if random.next() % 2 == 0, let answer = try rig.answer(&random) { oracle.press(answer) }
        usleep(UInt32(random.next() % 20_000))
        rig.end(SIGKILL)
    }
}

extension KioskRig {
    /// Presses an answer of the question that is asked, waking the kiosk if it rests; nothing when nobody is asked.
    func answer(_ random: inout SplitMix) throws -> Answered? {
        var name = next(after: "thanks")
        if name == "idle" {
            press("start")
            name = next(after: "thanks", "idle")
        }
        let isFirst = name == "question 5"
        guard isFirst || name == "question 2" else { return nil }
        let value = Int(random.next() % (isFirst ? 5 : 2)) + 1
        guard press("answer-\(value)") else { return nil }
        return Answered(question: isFirst ? "overall" : "term", value: value)
    }

    /// The name of the screen on which this was an answer.
    func question(of answer: Answered) -> String { answer.question == "overall" ? "question 5" : "question 2" }
}
