import Foundation
import Ratings
import Testing

@testable import Dialog

@Suite struct OpenSessionsTests {
    private let one = SessionID(bits: 1)
    private let two = SessionID(bits: 2)

    private func line(_ body: RecordBody, at milliseconds: Int64, boot: Int = 1) throws -> String {
        let kiosk = try #require(KioskID(rawValue: "k-1"))
        let header = RecordHeader(
            kiosk: kiosk, epoch: 1, sequence: 1, boot: boot, bootMilliseconds: milliseconds, wall: "", clock: .free,
            previous: "")
        return String(decoding: try Record(header: header, body: body).line(), as: UTF8.self)
    }

    private func shown(_ session: SessionID) -> RecordBody {
        .shown(Shown(session: session, questionnaire: "default@1", language: "ru", visit: .unsolicited))
    }

    private func answer(_ session: SessionID) -> RecordBody {
        .answer(Answer(session: session, question: "overall", value: 5, language: "ru", elapsedMilliseconds: 9))
    }

    private func end(_ session: SessionID, _ outcome: Outcome, _ duration: Int) -> SessionEnd {
        SessionEnd(session: session, outcome: outcome, durationMilliseconds: duration)
    }

    @Test func aClosedSessionStaysAsItIs() throws {
        let lines = [
            try line(shown(one), at: 10), try line(answer(one), at: 20),
            try line(.session(end(one, .answered, 15)), at: 25),
        ]
        #expect(OpenSessions.ends(of: lines, refused: nil) == [])
    }

    @Test func anOpenSessionWasInterruptedAfterItsLastAnswer() throws {
        let lines = [try line(shown(one), at: 10), try line(answer(one), at: 4010)]
        #expect(OpenSessions.ends(of: lines, refused: nil) == [end(one, .interrupted, 4000)])
    }

    @Test func aSessionWhoseAnswerWasNotThankedIsRefused() throws {
        let lines = [try line(shown(one), at: 10), try line(answer(one), at: 30)]
        let failed = FailedAnswer(session: one, question: "overall")
        #expect(OpenSessions.ends(of: lines, refused: failed) == [end(one, .refused, 20)])
    }

    /// What was acknowledged before the failure counts.
    @Test func aSessionWhoseFailedAnswerIsNotThereWasInterrupted() throws {
        let lines = [try line(shown(one), at: 10), try line(answer(one), at: 30)]
        let failed = FailedAnswer(session: one, question: "term")
        #expect(OpenSessions.ends(of: lines, refused: failed) == [end(one, .interrupted, 20)])
    }

    @Test func sessionsOfTwoStopsAreBothEnded() throws {
        let lines = [
            try line(shown(one), at: 10), try line(shown(two), at: 5, boot: 2), "not a record",
            try line(answer(two), at: 5, boot: 2),
        ]
        let failed = FailedAnswer(session: two, question: "overall")
        #expect(
            OpenSessions.ends(of: lines, refused: failed) == [end(one, .interrupted, 0), end(two, .refused, 0)])
    }
}
