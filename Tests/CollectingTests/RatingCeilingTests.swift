import FakeKiosk
import Ratings
import Testing

@testable import Collecting

@Suite struct RatingCeilingTests {
    /// What a ceiling of 3 says of ratings at these hours, in batches of so many.
    private func judge(_ hours: [Int64], batch: Int) throws -> [RatingCeiling.Place] {
        let times = hours.map { $0 * 3_600_000 }
        var places: [RatingCeiling.Place] = []
        for start in stride(from: 0, to: times.count, by: batch) {
            var ceiling = RatingCeiling(ratings: 3) { skip, count in
                Array(times[..<start].reversed().dropFirst(skip).prefix(count))
            }
            for time in times[start..<min(start + batch, times.count)] { places.append(try ceiling.add(time)) }
        }
        return places
    }

    @Test(arguments: [1, 2, 3, 5, 100])
    func `the fourth rating within a day is over, wherever a batch ends`(_ batch: Int) throws {
        #expect(
            try judge([0, 1, 2, 3, 4, 24, 26], batch: batch) == [.under, .under, .under, .first, .over, .over, .over])
        #expect(try judge([0, 1, 2, 24, 25, 26], batch: batch) == [.under, .under, .under, .under, .under, .under])
        #expect(
            try judge([0, 0, 0, 0, 24, 24, 24, 24], batch: batch)[3...] == [.first, .under, .under, .under, .first])
    }

    @Test func `ratings over the ceiling are counted, flagged and told of once, and verify agrees`() async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        for _ in 1...RatingCeiling.ratings + 3 {
            try kiosk.visit(mark: 5)
            // 750 ms for each record: all within two hours.
        }
        for first in stride(from: Int64(1), through: kiosk.count, by: 500) {
            #expect(
                try await scene.collector.take(first, min(first + 499, kiosk.count), of: &kiosk, now: scene.now) == nil)
        }
        let tally = try await scene.collector.tallies(TallyQuery(by: [])).first
        #expect(tally?.ratings == RatingCeiling.ratings + 3)
        #expect(tally?.flagged == 3)
        let events = try await scene.collector.events(limit: 9).map(\.kind)
        #expect(events == [.overCeiling, .enrolled])
        #expect(await scene.collector.verify().faults == [])
    }
}
