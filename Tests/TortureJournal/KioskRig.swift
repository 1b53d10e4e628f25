import FoundationEssentials
import Glibc
import Ledger
import Ratings
import RealPrograms

@testable import KioskJournal

/// A real `otsenka-kiosk run` with the web display and two questions, enrolled with a collector that does not exist.
final class KioskRig {
    /// One answer, as pressed and as stored.
    struct Answered: Equatable {
        var question: String
        var value: Int?
    }

    private static let form = """
        id: torture
        version: 1
        languages:
          - { code: en, name: English }
        questions:
          - id: overall
            may_be_skipped: false
            text: { en: How was it? }
            options:
              - { value: 1, face: -2, label: { en: One } }
              - { value: 2, face: -1, label: { en: Two } }
              - { value: 3, face: 0, label: { en: Three } }
              - { value: 4, face: 1, label: { en: Four } }
              - { value: 5, face: 2, label: { en: Five } }
          - id: term
            may_be_skipped: true
            text: { en: And the time? }
            options:
              - { value: 1, face: -2, label: { en: "No" } }
              - { value: 2, face: 2, label: { en: "Yes" } }

        """

    let folder: String
    var data: String { folder + "/data" }
    var log: String { folder + "/kiosk.log" }
    private let place: Place
    private var child: Child?
    private var panel: WebPanel?

    /// Another web display and form for a kiosk that is enrolled already.
    init(
        adopting folder: String, at place: Place, dialog: String = "arm-ms: 0, highlight-ms: 0, thanks-ms: 150"
    ) throws {
        self.place = place
        self.folder = folder
        try writeSettings(dialog)
    }

    convenience init(_ name: String, at place: Place) throws {
        try self.init(adopting: place.subfolder(name), at: place)
        let journal = try Journal.open(directory: data, limits: Self.limits)
        guard let kiosk = KioskID(rawValue: "rig") else { preconditionFailure("a kiosk id") }
        try journal.enrol(
            JournalEnrolment(
                kiosk: kiosk, epoch: 1, journalKey: journal.publicKey, collector: "https://collector.example",
                collectorName: "collector.example",
                receiptKey: SigningKey(seed: Data(repeating: 7, count: 32)).publicKey,
                collectorNonce: "bm9uY2U"))
        try journal.close()
    }

    private func writeSettings(_ dialog: String) throws {
        let settings = """
            data: \(folder)/data
            runtime: \(folder)/run
            questionnaire: \(folder)/form.yaml
            display: { backend: web, mode: 640x480, web-port: 0 }
            dialog: { \(dialog) }

            """
        try Data(settings.utf8).write(to: URL(filePath: folder + "/kiosk.yaml"))
        try Data(Self.form.utf8).write(to: URL(filePath: folder + "/form.yaml"))
    }

    deinit { _ = child?.end(SIGKILL) }

    /// The kiosk's own limits but for the ballast.
    private static var limits: JournalLimits {
        var limits = JournalLimits()
        limits.ballastBytes = 64 << 10
        return limits
    }

    var pid: pid_t? { child?.pid }

    /// Starts the program, the words of `wrapper` before it; true when its display came, false when it ended before.
    @discardableResult
    func start(wrapper: [String] = []) throws -> Bool {
        try? FileManager.default.removeItem(atPath: log)
        let child = try Child(
            wrapper + [place.program("otsenka-kiosk"), "run", "--settings", folder + "/kiosk.yaml"], log: log)
        self.child = child
        panel = try WebPanel(of: child, log: log)
        return panel != nil
    }

    /// Sends a signal if there is one, and waits for the end; the exit status, or nothing after a signal.
    @discardableResult
    func end(_ signal: Int32 = SIGTERM) -> Int32? {
        defer { child = nil }
        return child?.end(signal)
    }

    /// Waits until it ends by itself.
    func ended() -> Int32? {
        defer { child = nil }
        return child?.wait()
    }

    var hasEnded: Bool { child?.hasEnded ?? true }

    /// Nothing when the program does not answer any more.
    func screen() -> WebPanel.Screen? { panel?.screen() }

    /// A finger on a target of the present screen; false when there is no such target or nobody to hear of it.
    @discardableResult
    func press(_ id: String) -> Bool {
        guard let target = screen()?.target(id) else { return false }
        return panel?.press(target) ?? false
    }

    /// The name of the first other screen than these; nothing when the program has ended or nothing changes in ten seconds.
    func next(after names: String...) -> String? {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            guard let name = screen()?.name else {
                if hasEnded { return nil }
                continue
            }
            if !names.contains(name) { return name }
            usleep(2_000)
        }
        return nil
    }

    /// Every stored answer of the present epoch in order, read by the real journal while the program does not run.
    func answers() throws -> (answers: [Answered], damage: String?) {
        let journal = try Journal.openOrQuarantine(directory: data, at: StoredJournal.stamp, limits: Self.limits)
        let stored = try StoredJournal(of: journal)
        try journal.close()
        let answers = try stored.records.compactMap { record -> Answered? in
            guard case .answer(let answer) = try Record(line: record.line).body else { return nil }
            return Answered(question: answer.question, value: answer.value)
        }
        return (answers, stored.damage)
    }
}

/// What a witness knows of a kiosk's answers: those that were thanked, in order, and the one that may be stored or not.
struct AnswerOracle {
    private(set) var thanked: [KioskRig.Answered] = []
    private(set) var pending: KioskRig.Answered?
    /// Places in `thanked` before which an answer of a run that failed may or may not be stored.
    private var doubtful: [(place: Int, answer: KioskRig.Answered)] = []

    mutating func press(_ answer: KioskRig.Answered) {
        if let pending { doubtful.append((thanked.count, pending)) }
        pending = answer
    }

    mutating func thanks() {
        if let pending { thanked.append(pending) }
        pending = nil
    }

    /// Compares what is stored: what was thanked and nothing else, but for answers that were under way when a run ended.
    mutating func compare(_ stored: (answers: [KioskRig.Answered], damage: String?)) -> [String] {
        var complaints = stored.damage.map { [$0] } ?? []
        if let pending { doubtful.append((thanked.count, pending)) }
        pending = nil
        var rest = stored.answers[...]
        for place in 0...thanked.count {
            for doubt in doubtful where doubt.place == place {
                let isLast = place == thanked.count
                let others = thanked[place...]
                // Stored when the answers from here on are the doubtful one and then the thanked ones.
                if rest.first == doubt.answer, isLast ? rest.count == 1 : Array(rest.dropFirst()) == Array(others) {
                    rest.removeFirst()
                }
            }
            guard place < thanked.count else { break }
            guard rest.first == thanked[place] else {
                complaints.append("answer \(place + 1) of \(thanked.count) was thanked and is not stored there")
                break
            }
            rest.removeFirst()
        }
        if complaints.isEmpty, !rest.isEmpty { complaints.append("\(rest.count) answers were never pressed") }
        if complaints.isEmpty { thanked = stored.answers }
        doubtful = []
        return complaints
    }
}

extension WebPanel.Screen {
    /// "idle", "question 5", "question 2" (by its answers), "thanks", "not-recorded", "closed".
    var name: String {
        screen == "question" ? "question \(targets.count { $0.id.hasPrefix("answer-") })" : screen
    }
}
