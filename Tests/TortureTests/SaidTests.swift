import Testing
import Torture

@Suite struct SaidTests {
    private static let said = [(1, true), (2, true), (3, false), (4, true), (5, false)].map {
        Said(mark: $0.0, isThanked: $0.1)
    }

    @Test(arguments: [[1, 2, 3, 4, 5], [1, 2, 4], [1, 2, 3, 4], [1, 2, 4, 5]])
    func `what was not thanked may be stored or not`(stored: [Int]) {
        #expect(Said.complaint(over: Self.said, stored: stored) == nil)
    }

    @Test(arguments: [[2, 3, 4, 5], [1, 2, 3], [1, 1, 2, 4], [1, 2, 4, 5, 5], [2, 1, 4]])
    func `a lost, doubled or invented answer is caught`(stored: [Int]) {
        #expect(Said.complaint(over: Self.said, stored: stored) != nil)
    }

    @Test(arguments: [[3], [3, 3]])
    func `an answer without thanks that equals the next one is no loss`(stored: [Int]) {
        let said = [Said(mark: 3, isThanked: false), Said(mark: 3, isThanked: true)]
        #expect(Said.complaint(over: said, stored: stored) == nil)
        #expect(Said.complaint(over: said, stored: []) != nil)
    }
}
