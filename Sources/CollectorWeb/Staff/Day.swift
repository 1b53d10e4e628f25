/// A day in UTC, written `2026-11-22`.
enum Day {
    static let milliseconds: Int64 = 86_400_000

    /// Milliseconds since 1970 at which the day begins. Throws `CollectorFailure` for anything that is not a day.
    static func start(of text: String) throws(CollectorFailure) -> Int64 {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count == 10, parts.count == 3, parts.map(\.count) == [4, 2, 2], let year = Int(parts[0]),
            let month = Int(parts[1]), let day = Int(parts[2]), (1970...9999).contains(year), (1...12).contains(month)
        else { throw wrong(text) }
        // Days from the civil date (H. Hinnant), with the year beginning in March.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let seconds = Int64(era * 146_097 + dayOfEra - 719_468) * 86400
        // A day that the month does not have comes back as another one.
        guard day >= 1, CivilTime(seconds: seconds).rfc3339.hasPrefix(text) else { throw wrong(text) }
        return seconds * 1000
    }

    private static func wrong(_ text: String) -> CollectorFailure {
        CollectorFailure(.usage, "\(text) is not a day; write it as 2026-11-22")
    }
}
