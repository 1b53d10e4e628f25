import FoundationEssentials
import Testing

@testable import Reporting

@Suite struct SuppressionTests {
    func json(_ row: ReportRow) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(row), as: UTF8.self)
    }

    @Test("Nine ratings are hidden and ten are shown")
    func threshold() {
        #expect(!Suppression.standard.shows(Counts(marks: Marks([0, 0, 0, 0, 9]))))
        #expect(Suppression.standard.shows(Counts(marks: Marks([0, 0, 0, 0, 10]))))
    }

    @Test("A suppressed row has its key and nothing else")
    func suppressed() throws {
        let row = ReportRow(key: "MFC", marks: Marks([1, 2, 3, 0, 3]), suppression: .standard)
        #expect(try json(row) == #"{"key":"MFC","suppressed":true}"#)
    }

    @Test("A row of the Contract carries n, satisfied, share, its bounds and the mean")
    func row() throws {
        let row = ReportRow(key: "MFC", marks: Marks([0, 0, 1, 4, 5]), suppression: .standard)
        let text = #"{"high":98.212379,"key":"MFC","low":59.584997,"mean":4.4,"n":10,"satisfied":9,"share":90}"#
        #expect(try json(row) == text)
    }

    @Test("An empty row is hidden even where nothing is suppressed, for it has no figures")
    func empty() throws {
        let row = ReportRow(key: nil, marks: Marks(), suppression: Suppression(minimum: 0))
        #expect(try json(row) == #"{"key":"(none)","suppressed":true}"#)
    }

    @Test("A total less the rows that are shown leaves nothing of a hidden row")
    func total() {
        let rows = [Marks([0, 0, 0, 0, 40]), Marks([7, 0, 0, 0, 0]), Marks([5, 5, 5, 5, 5])].map { Counts(marks: $0) }
        let total = Suppression.standard.total(rows)
        #expect(total.hidden == 1)
        #expect(total.shown.marks == rows[0].marks + rows[2].marks)
    }
}
