import RealPrograms
import SeededRandom
import Testing
import Torture

@testable import TortureTime

/// The judge of a soak sees what leaks and nothing else.
@Suite struct SoakTests {
    /// An hour of samples: `perHour` KiB, descriptors and threads more, and what comes and goes.
    private static func hour(
        resident perHour: Double = 0, descriptors: Double = 0, threads: Double = 0, seed: UInt64
    ) -> SoakSeries {
        var random = SplitMix(seed)
        var series = SoakSeries("program")
        for sample in 0..<360 {
            let time = Double(sample) * 10
            let noise = Double(random.next() % 400) - 200
            let burst = random.next() % 50 == 0 ? 4_000.0 : 0
            // The first minutes fill caches.
            let caches = 3_000 * min(1, time / 600)
            series.add(
                Holding(
                    time: time, resident: 40_000 + caches + perHour * time / 3600 + noise + burst,
                    descriptors: (20 + Double(random.next() % 3) + descriptors * time / 3600).rounded(),
                    threads: (8 + threads * time / 3600).rounded()))
        }
        return series
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `a flat series is kept`(seed: UInt64) {
        #expect(Self.hour(seed: seed).judge(from: 900) == [])
    }

    /// Wrong on purpose: 1.5 % and 10 % an hour, a descriptor every ten minutes, a thread every quarter of an hour.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `a leak is caught`(seed: UInt64) {
        #expect(Self.hour(resident: 650, seed: seed).judge(from: 900).count == 1)
        #expect(Self.hour(resident: 4_000, seed: seed).judge(from: 900).count == 1)
        #expect(Self.hour(descriptors: 6, seed: seed).judge(from: 900).count == 1)
        #expect(Self.hour(threads: 6, seed: seed).judge(from: 900).count == 1)
    }

    @Test func `a series that is too short is not kept`() {
        #expect(SoakSeries("program").judge(from: 0).count == 1)
    }
}
