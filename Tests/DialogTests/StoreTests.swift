import Ratings
import Testing

@testable import Dialog

@Suite("The store")
struct StoreTests {
    @Test("nothing is thanked before it is durable, and no answer is handed over before its shown record")
    func order() {
        var rig = DialogRig(.one, store: .byHand)
        rig.tap(nil)
        rig.wait(300)
        rig.tap(.answer(5))
        #expect(rig.screen == "question 1/1 ru pressed answer-5")
        #expect(rig.waiting.map(\.body.short) == ["1 shown ru unsolicited"])
        rig.wait(4000)
        rig.stored()
        #expect(rig.waiting.map(\.body.short) == ["1 overall=5 ru 360"])
        #expect(rig.screen == "question 1/1 ru")
        rig.stored()
        #expect(rig.screen == "thanks ru")
        #expect(rig.waiting.map(\.body.short) == ["1 answered 4420"])
        #expect(!rig.machine.isSettled)
        rig.stored()
        #expect(rig.machine.isSettled)
    }

    /// One row for each record of a session: which append fails, what has been done before, what is seen and done.
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var before: @Sendable (inout DialogRig) -> Void
        var screen: String
        var actions: [DialogAction]
        var later: String
        var testDescription: String { name }
    }

    static let faults: [Fault] = [
        Fault(
            name: "shown, nobody has pressed", before: { $0.tap(nil) },
            screen: "closed fault(code: 1) ru", actions: [.restart], later: "closed fault(code: 1) ru"),
        Fault(
            name: "shown, an answer waits behind it",
            before: {
                $0.tap(nil)
                $0.wait(300)
                $0.tap(.answer(5))
            }, screen: "not-recorded ru", actions: [.restart], later: "closed fault(code: 1) ru"),
        Fault(
            name: "the first answer, in English",
            before: {
                $0.tap(.language("en"))
                $0.stored()
                $0.wait(1000)
                $0.tap(.answer(5))
            }, screen: "not-recorded en", actions: [.failedAnswer(SessionID(bits: 1), question: "overall"), .restart],
            later: "closed fault(code: 1) ru"),
        Fault(
            name: "the last answer",
            before: {
                $0.tap(nil)
                $0.stored()
                $0.wait(1000)
                $0.tap(.answer(5))
                $0.stored()
                $0.wait(1000)
                $0.tap(.answer(5))
            }, screen: "not-recorded ru", actions: [.failedAnswer(SessionID(bits: 1), question: "waiting"), .restart],
            later: "closed fault(code: 1) ru"),
        Fault(
            name: "the end of an answered session: the thanks stands",
            before: {
                $0.tap(nil)
                for _ in 1...2 {
                    $0.stored()
                    $0.wait(1000)
                    $0.tap(.answer(5))
                }
                $0.stored()
                $0.wait(100)
            }, screen: "thanks ru", actions: [.restart], later: "closed fault(code: 1) ru"),
        Fault(
            name: "the end of a session that timed out",
            before: {
                $0.tap(nil)
                $0.stored()
                $0.wait(35_000)
            }, screen: "closed fault(code: 1) ru", actions: [.restart], later: "closed fault(code: 1) ru"),
        Fault(
            name: "the end of an interrupted session",
            before: {
                $0.tap(nil)
                $0.stored()
                $0.send(.setClosed(.closed))
            }, screen: "closed fault(code: 1) ru", actions: [.restart], later: "closed fault(code: 1) ru"),
        Fault(
            name: "the end of the session before, with the next one on the screen",
            before: {
                $0.tap(nil)
                $0.stored()
                $0.wait(35_000)
                $0.tap(nil)
            }, screen: "closed fault(code: 1) ru", actions: [.restart], later: "closed fault(code: 1) ru"),
    ]

    @Test("a failed append is told openly, once, and leads to a restart", arguments: faults)
    func failure(_ fault: Fault) {
        var rig = DialogRig(store: .byHand)
        fault.before(&rig)
        let durable = rig.durable
        rig.fail()
        #expect(rig.screen == fault.screen)
        rig.wait(5000)
        rig.tap(.start)
        rig.type(.answer(1))
        rig.wait(100_000)
        #expect(rig.takeOther() == fault.actions)
        #expect(rig.screen == fault.later)
        #expect(rig.durable == durable)
        #expect(rig.waiting.isEmpty)
        #expect(rig.machine.isSettled)
    }

    @Test("a store that does not answer in time has failed, and its late answer changes nothing", arguments: faults)
    func silence(_ fault: Fault) throws {
        var rig = DialogRig(store: .byHand)
        fault.before(&rig)
        let token = try #require(rig.waiting.first?.token)
        rig.wait(5000)
        rig.send(.stored(token))
        rig.wait(10_000)
        #expect(rig.takeOther() == [.storeSilent] + fault.actions)
        #expect(rig.screen == fault.later)
    }

    @Test("a failure is shown for five seconds before the restart")
    func toldLongEnough() {
        var rig = DialogRig(store: .byHand)
        rig.tap(nil)
        rig.stored()
        rig.wait(1000)
        rig.tap(.answer(5))
        rig.fail()
        rig.wait(4999)
        #expect(rig.screen == "not-recorded ru")
        #expect(rig.takeOther() == [.failedAnswer(SessionID(bits: 1), question: "overall")])
        rig.wait(1)
        #expect(rig.takeOther() == [.restart])
    }

    @Test("answers of the store to a token that is not under way are ignored")
    func strangeTokens() {
        var rig = DialogRig(store: .byHand)
        rig.tap(nil)
        for token in [0, 2, 99, .max] as [UInt64] {
            rig.send(.stored(AppendToken(rawValue: token)))
            rig.send(.storeFailed(AppendToken(rawValue: token)))
        }
        #expect(rig.screen == "question 1/2 ru")
        rig.stored()
        #expect(rig.screen == "question 1/2 ru")
    }
}

@Suite("Visits and closing")
struct VisitTests {
    static let queue = Visit(source: .queue, ticket: "A-17", window: "3", service: "passport", stage: "submit")

    @Test("a visit starts the dialog and stands in the shown record")
    func visit() {
        var rig = DialogRig(store: .byHand)
        rig.send(.visit(Self.queue))
        #expect(rig.screen == "question 1/2 ru")
        #expect(rig.takeOther() == [.visitTaken])
        #expect(
            rig.waiting.first?.body
                == .shown(
                    Shown(session: SessionID(bits: 1), questionnaire: "test@3", language: "ru", visit: Self.queue)))
    }

    @Test("a visit while another dialog is shown is refused and disturbs nothing")
    func visitDuringDialog() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(20_000)
        let view = rig.machine.view
        rig.send(.visit(Self.queue))
        #expect(rig.takeOther() == [.visitRefused(.dialogShown)])
        #expect(rig.machine.view == view)
        #expect(rig.durable.count == 1)
    }

    @Test("one visit waits for the end of the thanks, a second one is refused")
    func visitDuringThanks() {
        var rig = DialogRig(.one)
        rig.tap(nil)
        rig.answer(.answer(5))
        rig.send(.visit(Self.queue))
        rig.send(.visit(Self.queue))
        #expect(rig.takeOther() == [.visitTaken, .visitRefused(.dialogShown)])
        #expect(rig.screen == "thanks ru")
        rig.wait(2000)
        #expect(rig.screen == "question 1/1 ru")
        #expect(rig.durable.last == "2 shown ru queue")
    }

    @Test("a visit that waits is forgotten when the kiosk closes")
    func visitThenClosed() {
        var rig = DialogRig(.one)
        rig.tap(nil)
        rig.answer(.answer(5))
        rig.send(.visit(Self.queue))
        rig.send(.setClosed(.closed))
        rig.wait(2000)
        #expect(rig.screen == "closed closed ru")
        rig.send(.opened)
        #expect(rig.screen == "idle ru")
    }

    @Test(
        "a visit whose texts do not fit a record is refused",
        arguments: [
            Visit(source: .queue, ticket: ""), Visit(source: .queue, window: String(repeating: "я", count: 33)),
            Visit(source: .queue, service: "a\nb"), Visit(source: .queue, stage: "\u{7F}"),
        ])
    func malformed(_ visit: Visit) {
        var rig = DialogRig()
        rig.send(.visit(visit))
        #expect(rig.takeOther() == [.visitRefused(.malformed)])
        #expect(rig.screen == "idle ru")
    }

    @Test("sessions that are cut faster than they can be stored are not piled up")
    func busy() {
        var rig = DialogRig(store: .byHand)
        rig.send(.visit(Self.queue))
        rig.send(.setClosed(.closed))
        rig.send(.opened)
        #expect(rig.screen == "idle ru")
        rig.send(.visit(Self.queue))
        rig.tap(.start)
        #expect(rig.screen == "idle ru")
        #expect(rig.takeOther() == [.visitTaken, .visitRefused(.busy)])
        rig.stored()
        rig.send(.visit(Self.queue))
        #expect(rig.takeOther() == [.visitTaken])
    }

    @Test("a kiosk that starts closed asks nobody until it is opened")
    func startsClosed() {
        var rig = DialogRig(closed: .notEnrolled)
        rig.tap(.start)
        rig.type(.answer(5))
        rig.send(.visit(Self.queue))
        #expect(rig.screen == "closed notEnrolled ru")
        #expect(rig.takeOther() == [.visitRefused(.closed)])
        rig.send(.setClosed(.enrolmentFailed(code: 12)))
        #expect(rig.screen == "closed enrolmentFailed(code: 12) ru")
        rig.send(.setClosed(.fault(code: 7)))
        #expect(rig.screen == "closed fault(code: 7) ru")
        rig.send(.opened)
        #expect(rig.screen == "idle ru")
        #expect(rig.durable == [])
    }

    @Test("closing in the middle interrupts the session")
    func closedInTheMiddle() {
        var rig = DialogRig()
        rig.tap(.language("en"))
        rig.answer(.answer(5))
        rig.send(.setClosed(.closed))
        #expect(rig.screen == "closed closed ru")
        #expect(rig.durable.last == "1 interrupted 1220")
        rig.send(.opened)
        #expect(rig.screen == "idle ru")
    }

    @Test("closing while an answer is on its way waits for it", arguments: [1, 2])
    func closedWhileStoring(_ questions: Int) {
        var rig = DialogRig(questions == 1 ? .one : .two, store: .byHand)
        rig.tap(nil)
        rig.stored()
        rig.wait(1000)
        rig.tap(.answer(5))
        rig.send(.setClosed(.closed))
        #expect(rig.screen == "question 1/\(questions) ru pressed answer-5")
        rig.wait(100)
        rig.stored()
        #expect(rig.screen == (questions == 1 ? "thanks ru" : "closed closed ru"))
        rig.wait(2000)
        #expect(rig.screen == "closed closed ru")
        rig.stored()
        #expect(rig.durable.last == (questions == 1 ? "1 answered 1220" : "1 interrupted 1220"))
    }

    @Test("a shutdown interrupts the session, stores its end and settles; nothing starts afterwards")
    func shutdown() {
        var rig = DialogRig(store: .byHand)
        rig.tap(nil)
        rig.stored()
        #expect(!rig.machine.isSettled)
        rig.send(.shutdown)
        #expect(!rig.machine.isSettled)
        rig.stored()
        #expect(rig.machine.isSettled)
        #expect(rig.durable == ["1 shown ru unsolicited", "1 interrupted 60"])
        rig.send(.opened)
        rig.send(.setClosed(.fault(code: 3)))
        rig.tap(nil)
        rig.send(.visit(Self.queue))
        #expect(rig.screen == "closed closed ru")
        #expect(rig.takeOther() == [.visitRefused(.closed)])
    }

    @Test("the technician mark is shown on every screen and is the same for every cause")
    func technicianMark() {
        var rig = DialogRig()
        rig.send(.setTechnicianMark(true))
        #expect(rig.screen == "idle ru mark")
        rig.tap(nil)
        #expect(rig.screen == "question 1/2 ru mark")
        rig.send(.setTechnicianMark(false))
        #expect(rig.screen == "question 1/2 ru")
    }
}
