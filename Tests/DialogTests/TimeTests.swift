import Ratings
import Testing

@testable import Dialog

@Suite("Time")
struct TimeTests {
    @Test("without a press the warning counts down and the dialog closes")
    func timeout() {
        var rig = DialogRig()
        rig.send(.visit(Visit(source: .queue, ticket: "A-17")))
        rig.wait(14_999)
        #expect(rig.screen == "question 1/2 ru")
        rig.wait(1)
        #expect(rig.screen == "question 1/2 ru warning 20")
        rig.wait(1000)
        #expect(rig.screen == "question 1/2 ru warning 19")
        rig.wait(18_999)
        #expect(rig.screen == "question 1/2 ru warning 1")
        rig.wait(1)
        #expect(rig.screen == "idle ru")
        #expect(rig.durable == ["1 shown ru queue", "1 timeout 35000"])
        #expect(rig.machine.deadline == nil)
    }

    @Test("answers given before a time-out stay, and the outcome is timeout")
    func timeoutAfterAnswer() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.answer(.answer(2))
        rig.wait(35_000)
        #expect(rig.screen == "idle ru")
        #expect(rig.durable.last?.hasPrefix("1 timeout") == true)
    }

    @Test("«more time» is seen, takes the warning away and starts the time again, as often as wanted")
    func moreTime() {
        var rig = DialogRig()
        rig.tap(nil)
        for _ in 1...25 {
            rig.wait(20_000)
            rig.send(.contactDown(target: .moreTime))
            #expect(rig.screen.hasSuffix("pressed more-time"))
            rig.wait(100)
            rig.send(.allContactsUp)
            #expect(rig.screen == "question 1/2 ru")
        }
        rig.wait(14_900)
        #expect(rig.screen == "question 1/2 ru")
        rig.answer(.answer(4))
        #expect(rig.screen == "question 2/2 ru may finish")
    }

    @Test(
        "any press during the warning means that somebody is there",
        arguments: [TargetID?.none, .start, .finish, .language("ru"), .answer(9)])
    func aliveByContact(_ target: TargetID?) {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(30_000)
        rig.tap(target)
        #expect(rig.screen == "question 1/2 ru")
        rig.wait(14_000)
        #expect(rig.screen == "question 1/2 ru")
    }

    @Test("any button during the warning means that somebody is there")
    func aliveByButton() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(30_000)
        rig.type(.other)
        #expect(rig.screen == "question 1/2 ru")
        rig.wait(30_000)
        rig.type(.moreTime)
        rig.wait(100)
        #expect(rig.screen == "question 1/2 ru")
    }

    @Test("an answer that is pressed while the warning is shown is an answer")
    func answerDuringWarning() {
        var rig = DialogRig()
        rig.tap(nil)
        rig.wait(34_000)
        rig.send(.contactDown(target: .answer(4)))
        #expect(rig.screen == "question 1/2 ru pressed answer-4")
        rig.wait(100)
        #expect(rig.screen == "question 2/2 ru may finish")
    }

    @Test("a press at the very moment of the time-out is a press, because the question was still to be seen")
    func pressAtTheEnd() {
        var rig = DialogRig()
        rig.tap(nil)
        let reset = rig.now - 60 + 35_000
        rig.wait(34_900)
        rig.now = reset + 5
        rig.send(.contactDown(target: .answer(4)))
        #expect(rig.screen == "question 1/2 ru pressed answer-4")
    }

    @Test("a timer that comes early, late or twice does nothing else")
    func timerNoise() {
        var rig = DialogRig()
        rig.send(.timePassed)
        #expect(rig.screen == "idle ru")
        rig.tap(nil)
        for _ in 0..<5 { rig.send(.timePassed) }
        #expect(rig.screen == "question 1/2 ru")
        rig.now += 10_000_000
        rig.send(.timePassed)
        #expect(rig.screen == "idle ru")
        rig.now -= 5_000_000
        rig.send(.timePassed)
        #expect(rig.screen == "idle ru")
    }

    @Test("a press is highlighted at least 100 ms and at most 300 ms")
    func highlight() {
        var rig = DialogRig(store: .byHand)
        rig.tap(nil)
        rig.stored()
        rig.wait(1000)
        rig.tap(.answer(4))
        #expect(rig.screen == "question 1/2 ru pressed answer-4")
        rig.wait(239)
        #expect(rig.screen == "question 1/2 ru pressed answer-4")
        rig.wait(1)
        #expect(rig.screen == "question 1/2 ru")
        rig.tap(.answer(5))
        #expect(rig.screen == "question 1/2 ru")
        rig.stored()
        #expect(rig.screen == "question 2/2 ru may finish")

        rig.wait(1000)
        rig.send(.contactDown(target: .answer(4)))
        rig.stored()
        #expect(rig.screen == "question 2/2 ru may finish pressed answer-4")
        rig.wait(99)
        #expect(rig.screen == "question 2/2 ru may finish pressed answer-4")
        rig.wait(1)
        #expect(rig.screen == "thanks ru")
    }

    @Test("the warning waits while an answer is on its way to the store")
    func noWarningWhileStoring() {
        var rig = DialogRig(store: .byHand)
        rig.tap(nil)
        rig.stored()
        rig.wait(14_000)
        rig.tap(.answer(4))
        rig.wait(4_000)
        #expect(rig.screen == "question 1/2 ru")
        #expect(rig.machine.view.warning == nil)
        rig.stored()
        #expect(rig.screen == "question 2/2 ru may finish")
    }
}
