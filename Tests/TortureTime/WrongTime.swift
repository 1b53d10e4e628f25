import SeededRandom

/// What is done to a kiosk's wall clock. Everything is told as a distance to the true time, milliseconds.
enum WrongTime: CaseIterable {
    case right, nineteenSeventy, tenYearsAhead, tenYearsBack, dayAhead, dayBack, hourAhead, hourBack, seconds

    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 24 * hour
    private static let decade: Int64 = 3653 * day

    /// How far the wall clock is ahead of `now`, the true time in milliseconds since 1970.
    func ahead(at now: Int64, random: inout SplitMix) -> Int64 {
        switch self {
        case .right: 0
        // A clock without a battery starts at the beginning, or where its file system was last written.
        case .nineteenSeventy: -now + Int64(random.next() % 100_000)
        case .tenYearsAhead: Self.decade
        case .tenYearsBack: -Self.decade
        case .dayAhead: Self.day
        case .dayBack: -Self.day
        // Somebody puts local time where UTC belongs, or ends the summer by hand.
        case .hourAhead: Self.hour
        case .hourBack: -Self.hour
        case .seconds: Int64(random.next() % 60_000) - 30_000
        }
    }

    static func any(_ random: inout SplitMix) -> WrongTime {
        allCases[Int(random.next() % UInt64(allCases.count))]
    }
}
