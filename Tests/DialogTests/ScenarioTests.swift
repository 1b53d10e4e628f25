import Ratings
import Testing

@testable import Dialog

@Suite("Whole dialogs")
struct ScenarioTests {
    @Test("a visitor answers everything and the kiosk is as before")
    func happyPath() {
        var rig = DialogRig()
        #expect(rig.screen == "idle ru")
        rig.tap(.start)
        #expect(rig.screen == "question 1/2 ru")
        rig.answer(.answer(5))
        #expect(rig.screen == "question 2/2 ru may finish")
        rig.answer(.answer(4))
        #expect(rig.screen == "thanks ru")
        rig.wait(1939)
        #expect(rig.screen == "thanks ru")
        rig.wait(2)
        #expect(rig.screen == "idle ru")
        #expect(
            rig.durable == [
                "1 shown ru unsolicited", "1 overall=5 ru 1060", "1 waiting=4 ru 1060", "1 answered 2320",
            ])
        #expect(rig.takeOther() == [])
    }

    @Test("English is chosen in the middle, stays to the end and is forgotten afterwards")
    func english() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(1000)
        rig.tap(.language("en"))
        #expect(rig.screen == "question 1/2 en")
        rig.answer(.answer(3))
        #expect(rig.screen == "question 2/2 en may finish")
        rig.answer(.answer(3))
        #expect(rig.screen == "thanks en")
        rig.wait(3000)
        #expect(rig.screen == "idle ru")
        rig.tap(nil)
        #expect(rig.screen == "question 1/2 ru")
        #expect(
            rig.durable.prefix(3) == ["1 shown ru unsolicited", "1 overall=3 en 2120", "1 waiting=3 en 1060"])
    }

    @Test("a language touched on the idle screen starts the session in it")
    func languageAtStart() {
        var rig = DialogRig()
        rig.tap(.language("en"))
        #expect(rig.screen == "question 1/2 en")
        #expect(rig.durable == ["1 shown en unsolicited"])
    }

    @Test(
        "the hall's language starts the sessions where the questionnaire offers it",
        arguments: [("en", "en"), ("tt", "ru")])
    func hallLanguage(_ wanted: String, _ expected: String) {
        let rig = DialogRig(language: wanted)
        #expect(rig.screen == "idle \(expected)")
    }

    @Test("a question is skipped only where it may be")
    func skip() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.answer(.skip)
        #expect(rig.screen == "question 1/2 ru")
        rig.answer(.answer(2))
        rig.answer(.skip)
        #expect(rig.screen == "thanks ru")
        #expect(
            rig.durable.dropFirst().map { $0.split(separator: " ")[1] } == ["overall=2", "waiting=skip", "answered"])
    }

    @Test("skipping everything is thanked like every answer and counts as cancelled")
    func skipAll() {
        var rig = DialogRig(.free)
        rig.tap(nil)
        rig.answer(.skip)
        #expect(rig.screen == "question 2/2 ru")
        rig.answer(.skip)
        #expect(rig.screen == "thanks ru")
        #expect(rig.durable.last == "1 cancelled 2320")
    }

    @Test("«Готово» ends the session after the first mark, not before")
    func finishEarly() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.answer(.finish)
        #expect(rig.screen == "question 1/2 ru")
        rig.answer(.answer(1))
        rig.wait(1000)
        rig.send(.contactDown(target: .finish))
        #expect(rig.screen == "question 2/2 ru may finish pressed finish")
        rig.wait(100)
        #expect(rig.screen == "thanks ru")
        #expect(rig.durable.last?.hasPrefix("1 answered") == true)
    }

    @Test("buttons alone answer a whole dialog")
    func buttons() {
        var rig = DialogRig()
        rig.type(.answer(5))
        #expect(rig.screen == "question 1/2 ru")
        for key in [DialogKey.answer(4), .skip] {
            rig.wait(500)
            rig.type(key)
            rig.wait(100)
        }
        #expect(rig.screen == "thanks ru")
        #expect(
            rig.durable.dropFirst().map { $0.split(separator: " ")[1] } == ["overall=4", "waiting=skip", "answered"])
    }

    @Test("the finish button before the first mark leaves the dialog, and the screen then rests as long as a thanks")
    func leave() {
        var rig = DialogRig()
        rig.type(.other)
        rig.wait(500)
        rig.type(.finish)
        #expect(rig.screen == "idle ru")
        #expect(rig.durable == ["1 shown ru unsolicited", "1 cancelled 580"])
        rig.wait(1000)
        rig.type(.other)
        #expect(rig.screen == "idle ru")
        rig.wait(1000)
        rig.type(.other)
        #expect(rig.screen == "question 1/2 ru")
    }

    @Test("the language button goes round")
    func languageButton() {
        var rig = DialogRig()
        rig.type(.other)
        rig.wait(500)
        rig.type(.language)
        #expect(rig.screen == "question 1/2 en")
        rig.wait(500)
        rig.type(.language)
        #expect(rig.screen == "question 1/2 ru")
    }

    @Test("thanks looks and lasts the same for every answer", arguments: 1...5)
    func neutral(_ value: Int) {
        var rig = DialogRig(.one)
        rig.tap(nil)
        rig.answer(.answer(value))
        #expect(rig.machine.view == DialogView(screen: .thanks, language: "ru"))
        #expect(rig.machine.deadline == rig.now + 1940)
        rig.wait(2000)
        #expect(rig.machine.view == DialogView(screen: .idle, language: "ru"))
    }
}

@Suite("Contacts and buttons")
struct PressTests {
    @Test("the touch that wakes the screen is not an answer, however long it stays")
    func wakeTouch() {
        var rig = DialogRig()
        rig.send(.contactDown(target: .answer(5)))
        #expect(rig.screen == "question 1/2 ru")
        rig.wait(5000)
        rig.send(.contactDown(target: .answer(5)))
        rig.wait(100)
        #expect(rig.screen == "question 1/2 ru")
        rig.send(.allContactsUp)
        rig.send(.contactDown(target: .answer(5)))
        rig.wait(100)
        #expect(rig.screen == "question 2/2 ru may finish")
    }

    @Test("the second half of a double tap is neither an answer nor the start of one")
    func doubleTap() {
        var rig = DialogRig()
        rig.tap(.start)
        rig.wait(80)
        rig.tap(.answer(1))
        #expect(rig.screen == "question 1/2 ru")
        rig.answer(.answer(4))
        rig.wait(80)
        rig.tap(.answer(4))
        rig.wait(500)
        #expect(rig.screen == "question 2/2 ru may finish")
        #expect(rig.durable.count == 2)
    }

    @Test("a palm that lands while the question arms gives no answer with its second contact")
    func palm() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(100)
        rig.send(.contactDown(target: .answer(2)))
        rig.wait(200)
        rig.send(.contactDown(target: .answer(3)))
        rig.wait(300)
        #expect(rig.screen == "question 1/2 ru")
        #expect(rig.durable == ["1 shown ru unsolicited"])
    }

    @Test("ten fingers at once are one press")
    func tenFingers() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(1000)
        for finger in 0..<10 { rig.send(.contactDown(target: .answer(finger % 5 + 1))) }
        rig.wait(1000)
        #expect(rig.screen == "question 2/2 ru may finish")
        #expect(rig.durable.map { $0.prefix(11) } == ["1 shown ru ", "1 overall=1"])
    }

    @Test("a finger that came during the thanks or before a time-out keeps the idle screen asleep until it goes")
    func restingAfterwards() {
        for seconds in [0, 35] as [Int64] {
            var rig = DialogRig(.one)
            rig.tap(nil)
            if seconds == 0 { rig.answer(.answer(5)) }
            rig.send(.contactDown(target: nil))
            rig.wait(seconds * 1000 + 2000)
            #expect(rig.screen == "idle ru")
            rig.send(.contactDown(target: .start))
            #expect(rig.screen == "idle ru")
            rig.send(.allContactsUp)
            rig.tap(.start)
            #expect(rig.screen == "question 1/1 ru")
        }
    }

    @Test("a hand that presses «more time» with one finger gives no answer with another")
    func handOnTheWarning() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(20_000)
        rig.send(.contactDown(target: .moreTime))
        rig.send(.contactDown(target: .answer(3)))
        rig.wait(1000)
        rig.send(.contactDown(target: .answer(3)))
        rig.wait(1000)
        #expect(rig.screen == "question 1/2 ru")
        #expect(rig.durable == ["1 shown ru unsolicited"])
    }

    @Test("a hand resting outside the targets does not hinder the finger that answers")
    func restingHand() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(1000)
        rig.send(.contactDown(target: nil))
        rig.send(.contactDown(target: .answer(4)))
        rig.wait(100)
        #expect(rig.screen == "question 2/2 ru may finish")
    }

    @Test("a stuck finger blocks contacts, not buttons and visits, and calls the technician after a minute")
    func stuckFinger() {
        var rig = DialogRig(.one)
        rig.tap(nil)
        rig.wait(1000)
        rig.send(.contactDown(target: .answer(5)))
        rig.wait(3000)
        #expect(rig.screen == "idle ru")
        rig.send(.contactDown(target: .start))
        #expect(rig.screen == "idle ru")
        rig.wait(60_000)
        #expect(rig.screen == "idle ru mark")
        rig.type(.other)
        rig.wait(300)
        rig.type(.answer(3))
        rig.wait(3000)
        rig.send(.visit(Visit(source: .queue)))
        #expect(rig.screen == "question 1/1 ru mark")
        rig.wait(1000)
        rig.send(.contactDown(target: .answer(1)))
        #expect(rig.screen == "question 1/1 ru mark")
        rig.send(.allContactsUp)
        rig.tap(.answer(1))
        #expect(rig.screen == "question 1/1 ru pressed answer-1")
        #expect(
            rig.durable.filter { $0.contains("overall") }.map { $0.prefix(11) } == [
                "1 overall=5", "2 overall=3", "3 overall=1",
            ])
    }

    @Test("contact bounce of a button is one press, whenever it bounces", arguments: [1, 20, 49] as [Int64])
    func bounce(_ gap: Int64) {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(1000)
        for _ in 0..<5 {
            rig.send(.keyDown(.answer(4)))
            rig.wait(gap)
            rig.send(.keyUp(.answer(4)))
            rig.wait(gap)
        }
        #expect(rig.durable.count { $0.contains("=") } == 1)
        rig.wait(1000)
        #expect(rig.screen == "question 2/2 ru may finish")
        rig.send(.keyDown(.answer(4)))
        rig.wait(400)
        rig.send(.keyUp(.answer(4)))
        rig.wait(3)
        rig.send(.keyDown(.answer(4)))
        rig.wait(0)
        #expect(rig.durable.count { $0.contains("=") } == 2)
    }

    @Test("targets and buttons that the question does not offer are no answer")
    func notOffered() {
        var rig = DialogRig()
        rig.tap(nil)
        for target in [
            TargetID.answer(0), .answer(6), .skip, .finish, .start, .moreTime, .language("tt"), .language("ru"),
        ] {
            rig.wait(1000)
            rig.tap(target)
            #expect(rig.screen == "question 1/2 ru", "\(target)")
        }
        rig.wait(1000)
        rig.type(.answer(7))
        rig.type(.moreTime)
        #expect(rig.durable == ["1 shown ru unsolicited"])
    }

    @Test("the spelling of a key gives the key back")
    func keyNames() {
        for key in [DialogKey.answer(1), .answer(11), .skip, .finish, .moreTime, .language, .other] {
            #expect(DialogKey(name: key.name) == key)
        }
        for name in ["", "answer-", "answer-x", "answer-+1", "answer-01", "Skip"] {
            #expect(DialogKey(name: name) == nil, "\(name)")
        }
    }

    @Test("a flood of different buttons keeps bounded memory")
    func keyFlood() {
        var debounce = Debounce()
        let taken = (0..<1000).count { debounce.isPress(.answer($0), at: 5, 50) }
        #expect(taken == Debounce.capacity)
        let later = debounce.isPress(.answer(999), at: 55, 50)
        #expect(later)
    }
}
