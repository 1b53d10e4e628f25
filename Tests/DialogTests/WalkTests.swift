import Ratings
import Testing

@testable import Dialog

/// SplitMix64: small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// An observer that knows only events, actions and views, and what the dialog promises about them.
struct Witness {
    private(set) var shown: Set<SessionID> = []
    private(set) var ended: [SessionID: Outcome] = [:]
    private(set) var failed: Set<SessionID> = []
    private(set) var answers = 0
    /// The append under way; there is at most one.
    private(set) var waiting: (body: RecordBody, token: AppendToken)?
    private(set) var isOver = false
    private var answered: [SessionID: Set<String>] = [:]
    /// Answers that are durable, and those handed over but not yet.
    private var durable: Set<String> = []
    private var contactsDown = false
    /// All contacts were up at some moment since the question now shown appeared.
    private var wasFree = true
    private var view: DialogView
    private let idle: DialogView
    private(set) var problems: [String] = []

    init(_ machine: DialogMachine) {
        view = machine.view
        idle = machine.view
    }

    private mutating func check(_ holds: Bool, _ problem: @autoclosure () -> String) {
        if !holds { problems.append(problem()) }
    }

    mutating func see(_ event: DialogEvent, _ actions: [DialogAction], _ machine: DialogMachine) {
        if case .stored(let token) = event, waiting?.token == token {
            if case .answer(let answer)? = waiting?.body { durable.insert("\(answer.session) \(answer.question)") }
            waiting = nil
        }
        if case .storeFailed(let token) = event, waiting?.token == token { waiting = nil }
        if case .allContactsUp = event { contactsDown = false }
        checkPress(event, machine.view)
        if case .contactDown = event { contactsDown = true }
        if !contactsDown { wasFree = true }
        for action in actions { take(action) }
        checkScreen(machine)
        view = machine.view
    }

    private mutating func take(_ action: DialogAction) {
        switch action {
        case .append(let body, let token):
            check(!isOver, "\(body) after the restart was asked for")
            if waiting != nil { check(false, "two appends under way") }
            waiting = (body, token)
            take(body)
        case .failedAnswer(let id, _): failed.insert(id)
        case .restart:
            check(!isOver, "two restarts")
            isOver = true
            waiting = nil
        case .visitTaken, .visitRefused, .storeSilent: break
        }
    }

    private mutating func take(_ body: RecordBody) {
        switch body {
        case .shown(let body):
            let isNew = shown.insert(body.session).inserted
            check(isNew, "\(body.session) shown twice")
            answered = [:]
            durable = []
        case .answer(let body):
            answers += 1
            check(shown.contains(body.session), "an answer of \(body.session), which was not shown")
            check(ended[body.session] == nil, "an answer of \(body.session) after its end")
            let isFirst = answered[body.session, default: []].insert(body.question).inserted
            check(isFirst, "two answers to \(body.question) in \(body.session)")
            check((body.value == nil) == (body.pass == .skip), "neither mark nor skip")
        case .session(let body):
            check(shown.contains(body.session), "the end of \(body.session), which was not shown")
            let before = ended.updateValue(body.outcome, forKey: body.session)
            check(before == nil, "two ends of \(body.session)")
        default: check(false, "a record of kind \(body.kind)")
        }
    }

    /// A press by contact appears only if every contact was up since the question came.
    private mutating func checkPress(_ event: DialogEvent, _ after: DialogView) {
        guard case .contactDown = event, case .question(let old) = view.screen, case .question(let new) = after.screen
        else { return }
        if old.pressed == nil, new.pressed != nil {
            check(wasFree, "a press with a contact from before the question, or two presses by one hand")
            wasFree = false
        }
    }

    private mutating func checkScreen(_ machine: DialogMachine) {
        let new = machine.view
        switch new.screen {
        case .idle:
            var clean = idle
            clean.technicianMark = machine.contacts.isStuck
            check(new == clean, "traces on the idle screen: \(new)")
        case .question(let question):
            if case .question(let old) = view.screen, old.number == question.number, view.language == new.language {
                break
            }
            wasFree = !contactsDown
        case .thanks where view.screen != .thanks:
            let before = view.screen.name
            check(before == "question", "thanks after \(before)")
            let handedOver = answered.reduce(into: Set<String>()) { all, entry in
                all.formUnion(entry.value.map { "\(entry.key) \($0)" })
            }
            check(handedOver == durable, "thanks before every answer is durable")
        case .thanks, .notRecorded, .closed: break
        }
        check(machine.outbox.entries.count <= Outbox.capacity, "the outbox grows")
    }

    /// Whether shown = sum of outcomes, an open or failed session apart.
    mutating func checkSum(_ machine: DialogMachine) {
        let open = shown.count - ended.count
        var isFailing = isOver
        if case .failed = machine.phase { isFailing = true }
        let isSettled = machine.isSettled && !isFailing
        check(open <= (isSettled ? 0 : 1), "\(open) sessions never ended")
    }
}

@Suite("Seeded random walks")
struct WalkTests {
    /// One in `faults` answers of the store is a failure; 0 means never.
    struct Walk: Sendable, CustomTestStringConvertible {
        var seed: UInt64
        var events: Int
        var faults: Int
        var testDescription: String { "seed \(seed), \(events) events, store fails 1 in \(faults)" }
    }

    private static func event(_ generator: inout SeededGenerator, _ witness: Witness, faults: Int) -> DialogEvent {
        let targets: [TargetID?] = [
            nil, .start, .answer(0), .answer(1), .answer(2), .answer(3), .answer(4), .answer(5), .answer(6), .skip,
            .finish, .moreTime, .language("en"), .language("ru"), .language("tt"),
        ]
        let keys: [DialogKey] = [.answer(1), .answer(3), .answer(9), .skip, .finish, .moreTime, .language, .other]
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<25: return .contactDown(target: targets.randomElement(using: &generator) ?? nil)
        case 25..<45: return .allContactsUp
        case 45..<55: return .keyDown(keys.randomElement(using: &generator) ?? .other)
        case 55..<60: return .keyUp(keys.randomElement(using: &generator) ?? .other)
        case 60..<63:
            return .visit(Visit(source: .queue, ticket: Bool.random(using: &generator) ? "A-17" : ""))
        case 63..<65: return .stored(AppendToken(rawValue: UInt64.random(in: 0..<50, using: &generator)))
        case 65..<85:
            guard let token = witness.waiting?.token else { return .timePassed }
            let fails = faults > 0 && Int.random(in: 0..<faults, using: &generator) == 0
            return fails ? .storeFailed(token) : .stored(token)
        case 85..<97: return .timePassed
        case 97: return .setClosed(.closed)
        default: return .opened
        }
    }

    private static func walk(_ walk: Walk) -> (Witness, DialogMachine, Int64) {
        var generator = SeededGenerator(seed: walk.seed)
        var machine = DialogMachine(questionnaire: .two, newSession: sessionCounter())
        var witness = Witness(machine)
        var now: Int64 = 0
        for _ in 0..<walk.events where witness.problems.isEmpty {
            if walk.faults == 0, let head = machine.outbox.head, let sent = head.sent, now > sent + 1000 {
                witness.see(.stored(head.token), machine.handle(.stored(head.token), at: now), machine)
            }
            switch Int.random(in: 0..<100, using: &generator) {
            case _ where walk.faults == 0 && witness.waiting != nil, 0..<60:
                now += Int64.random(in: 0...400, using: &generator)
            case 60..<98: now = max(now, machine.deadline.map { min($0, now + 3000) } ?? now)
            default: now += Int64.random(in: 0...40_000, using: &generator)
            }
            let event = event(&generator, witness, faults: walk.faults)
            witness.see(event, machine.handle(event, at: now), machine)
            witness.checkSum(machine)
        }
        return (witness, machine, now)
    }

    @Test("100,000 random events keep every promise of the dialog", arguments: [1, 2, 3] as [UInt64])
    func longWalk(_ seed: UInt64) {
        var (witness, machine, now) = Self.walk(Walk(seed: seed, events: 100_000, faults: 0))
        #expect(witness.problems == [])
        var event = DialogEvent.shutdown
        while !machine.isSettled || event == .shutdown {
            witness.see(event, machine.handle(event, at: now), machine)
            event = witness.waiting.map { .stored($0.token) } ?? .timePassed
            now += 200
        }
        #expect(witness.problems == [])
        #expect(witness.shown == Set(witness.ended.keys), "shown is the sum of the outcomes")
        #expect(witness.shown.count > 500 && witness.answers > 500, "the walk does not reach the dialog")
        #expect(Set(witness.ended.values).isSuperset(of: [.answered, .timeout, .cancelled, .interrupted]))
    }

    @Test("2,000 short walks with a failing store keep every promise")
    func failingWalks() {
        var restarts = 0
        var notes = 0
        for seed in 1000..<3000 as Range<UInt64> {
            let walk = Walk(seed: seed, events: 300, faults: 20)
            let (witness, _, _) = Self.walk(walk)
            #expect(witness.problems == [], "\(walk)")
            restarts += witness.isOver ? 1 : 0
            notes += witness.failed.count
        }
        #expect(restarts > 500 && notes > 50, "the faults do not take effect")
    }

    @Test("every event in every state is taken without a phantom record")
    func everyEventInEveryState() {
        let states: [(name: String, events: [DialogEvent], wait: Int64)] = [
            ("idle", [], 0), ("arming", [.contactDown(target: nil), .allContactsUp], 0),
            ("asking", [.contactDown(target: nil), .allContactsUp], 1000),
            ("warning", [.visit(Visit(source: .queue))], 20_000),
            ("closed", [.setClosed(.notEnrolled)], 0), ("stopped", [.shutdown], 0),
        ]
        let events: [DialogEvent] = [
            .contactDown(target: nil), .contactDown(target: .answer(3)), .contactDown(target: .skip),
            .contactDown(target: .finish), .contactDown(target: .moreTime), .contactDown(target: .language("en")),
            .allContactsUp, .keyDown(.answer(3)), .keyUp(.answer(3)), .keyDown(.finish), .keyDown(.other),
            .visit(Visit(source: .operator)), .stored(AppendToken(rawValue: 7)),
            .storeFailed(AppendToken(rawValue: 7)), .timePassed, .setClosed(.closed), .opened,
            .setTechnicianMark(true), .setTechnicianMark(false), .shutdown,
        ]
        for state in states {
            for first in events {
                for second in events {
                    var rig = DialogRig()
                    state.events.forEach { rig.send($0) }
                    rig.wait(state.wait)
                    let before = rig.durable.count { $0.contains("=") }
                    rig.send(first)
                    rig.send(second)
                    let answers = rig.durable.count { $0.contains("=") } - before
                    let mayAnswer = ["asking", "warning"].contains(state.name)
                    #expect(answers <= (mayAnswer ? 1 : 0), "\(state.name): \(first), \(second)")
                    rig.send(.shutdown)
                    rig.wait(3000)
                    #expect(rig.machine.isSettled, "\(state.name): \(first), \(second)")
                }
            }
        }
    }
}
