import Testing

@testable import Reporting

@Suite struct FiguresTests {
    /// `scipy.stats.binomtest(k, n).proportion_ci(0.95, "wilson")`, SciPy 1.17.1.
    @Test(
        "The Wilson interval is the one that SciPy computes",
        arguments: [
            (0, 1, 0.0, 0.7934506856227626),
            (1, 1, 0.20654931437723745, 1.0),
            (9, 10, 0.5958499732047615, 0.9821237869049271),
            (10, 10, 0.7224672001371109, 1.0),
            (30, 30, 0.8864866068260312, 1.0),
            (90, 100, 0.8256343384950865, 0.9447708629393249),
            (3, 10, 0.10779126740630102, 0.6032218525388546),
            (1, 12, 0.014865094404917123, 0.35387991114111694),
            (57, 211, 0.21473495865003883, 0.3337693173288548),
            (32675, 73421, 0.4414443860702034, 0.448633687785407),
            (1, 1_000_000, 1.765245767453709e-07, 5.664911804311442e-06),
            (999_999, 1_000_000, 0.9999943350881957, 0.9999998234754233),
        ])
    func wilson(successes: Int, count: Int, low: Double, high: Double) throws {
        let interval = try #require(Wilson.interval(successes: successes, count: count))
        #expect(abs(interval.lowerBound - low) < 1e-12)
        #expect(abs(interval.upperBound - high) < 1e-12)
    }

    /// The reference values that the project's description of its field gives, in percent.
    @Test(
        "The Wilson interval agrees with the published reference values",
        arguments: [
            (0, 1, 0.0, 79.345), (1, 1, 20.655, 100), (9, 10, 59.585, 98.212), (10, 10, 72.247, 100),
            (30, 30, 88.649, 100), (90, 100, 82.563, 94.477),
        ])
    func reference(successes: Int, count: Int, low: Double, high: Double) throws {
        let interval = try #require(Wilson.interval(successes: successes, count: count))
        #expect(abs(100 * interval.lowerBound - low) < 0.0005)
        #expect(abs(100 * interval.upperBound - high) < 0.0005)
    }

    /// n at which the Wilson interval first is no wider than ± the given number of points.
    @Test(
        "The interval narrows as the sample sizes of the literature say",
        arguments: [(0.5, 0.10, 93), (0.5, 0.05, 381), (0.5, 0.03, 1064)])
    func sampleSize(share: Double, halfWidth: Double, count: Int) throws {
        func half(_ count: Int) throws -> Double {
            let interval = try #require(Wilson.interval(successes: Int(share * Double(count)), count: count))
            return (interval.upperBound - interval.lowerBound) / 2
        }
        #expect(try half(count) <= halfWidth + 1e-4)
        #expect(try half(count - 3) > halfWidth)
    }

    @Test("The interval stays within 0 and 1 and holds the share, for every count of a small sample")
    func bounds() throws {
        for count in 1...60 {
            for successes in 0...count {
                let interval = try #require(Wilson.interval(successes: successes, count: count))
                #expect((0...1).contains(interval.lowerBound) && (0...1).contains(interval.upperBound))
                #expect(interval.contains(Double(successes) / Double(count)))
            }
        }
    }

    @Test("Without marks there is no share, no interval and no mean, rather than a zero")
    func nothing() {
        #expect(Figures(Marks()) == nil)
        #expect(Marks().mean == nil)
        #expect(Wilson.interval(successes: 0, count: 0) == nil)
    }

    @Test("A mark outside 1 to 5 is not counted")
    func outside() {
        var marks = Marks()
        let taken = [0, 6, -1, 5].map { marks.add($0) }
        #expect(taken == [false, false, false, true])
        #expect(marks == Marks([0, 0, 0, 0, 1]))
    }

    @Test("Dialogs whose end is not reported are what is left of those shown, never fewer than none")
    func open() {
        #expect(Dialogs(shown: 10, answered: 5, timeout: 2, cancelled: 1, interrupted: 0, refused: 1).open == 1)
        #expect(Dialogs(shown: 1, answered: 2).open == 0)
    }
}
