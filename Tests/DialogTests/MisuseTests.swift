import Ratings
import Testing

@testable import Dialog

@Suite("Misuse rules, version 1")
struct MisuseTests {
    private func flags(_ times: [Int64], mark: (Int) -> Int = { $0 % 5 + 1 }) -> [[String]] {
        var rules = MisuseRules(thanks: 2000)
        return times.enumerated().map {
            rules.flags(for: .init(begun: $1 - 1000, marked: $1, mark: mark($0)))
        }
    }

    @Test("the fourth rating in 20 s is a burst")
    func burst() {
        #expect(flags([0, 6000, 12_000, 19_999]) == [[], [], [], ["burst"]])
        #expect(flags([0, 6000, 12_000, 20_000]) == [[], [], [], []])
    }

    @Test("the tenth equal rating in 2 min is flagged, an unequal one is not")
    func sameMark() {
        let times = (0..<10).map { Int64($0) * 13_000 }
        #expect(flags(times) { _ in 5 } == Array(repeating: [], count: 9) + [["same_mark"]])
        #expect(flags(times) { $0 == 4 ? 1 : 5 } == Array(repeating: [], count: 10))
        #expect(flags((0..<10).map { Int64($0) * 14_000 }) { _ in 5 } == Array(repeating: [], count: 10))
    }

    @Test("a rating that began before the thanks screen could be over did not come from this dialog")
    func tooFast() {
        #expect(flags([0, 2999]) == [[], ["too_fast"]])
        #expect(flags([0, 3000]) == [[], []])
    }

    @Test("memory is bounded under any flood")
    func bounded() {
        var rules = MisuseRules(thanks: 2000)
        var last: [String] = []
        for time in 0..<100_000 { last = rules.flags(for: .init(begun: Int64(time), marked: Int64(time), mark: 5)) }
        #expect(last == ["burst", "same_mark", "too_fast"])
        #expect("\(rules)".utf8.count < 10_000)
    }

    @Test("flags stand in the session record with the version of the rules, and no record is dropped")
    func inTheRecord() throws {
        var rig = DialogRig(.one, store: .byHand)
        var ends: [SessionEnd] = []
        for _ in 1...4 {
            rig.tap(nil)
            rig.stored()
            rig.wait(500)
            rig.tap(.answer(5))
            rig.stored()
            rig.wait(100)
            guard case .session(let end)? = rig.waiting.first?.body else { break }
            ends.append(end)
            rig.stored()
            rig.wait(2500)
        }
        #expect(ends.map(\.flags) == [nil, nil, nil, ["burst"]])
        #expect(ends.map(\.rules) == [1, 1, 1, 1])
        #expect(ends.map(\.outcome) == Array(repeating: .answered, count: 4))
    }

    @Test("a session without a mark is no rating and is not judged")
    func noMark() {
        var rig = DialogRig(store: .byHand)
        rig.tap(nil)
        rig.stored()
        rig.wait(35_000)
        let end = SessionEnd(session: SessionID(bits: 1), outcome: .timeout, durationMilliseconds: 35_000)
        #expect(rig.waiting.first?.body == .session(end))
    }
}
