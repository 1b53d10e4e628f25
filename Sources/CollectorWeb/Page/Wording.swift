/// Numbers, dates and counted words as the reader of a language writes them. No ICU: two languages, a few rules.
struct Wording: Sendable {
    let language: PageLanguage

    /// `12 345` with a narrow no-break space, or `12,345`.
    func whole(_ number: Int) -> String {
        var groups: [String] = []
        var digits = String(number.magnitude)
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return (number < 0 ? "−" : "") + groups.joined(separator: language == .russian ? "\u{202F}" : ",")
    }

    /// A number with a fixed count of decimals.
    func decimal(_ number: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1.0) { power, _ in power * 10 }
        let scaled = Int((number * scale).rounded())
        guard places > 0 else { return whole(scaled) }
        let fraction = String(scaled.magnitude % UInt(scale))
        let padded = String(repeating: "0", count: places - fraction.count) + fraction
        return whole(scaled / Int(scale)) + (language == .russian ? "," : ".") + padded
    }

    /// One decimal and the sign: `44,5 %` or `44.5%`.
    func percent(_ number: Double, places: Int = 1) -> String {
        decimal(number, places: places) + (language == .russian ? "\u{00A0}%" : "%")
    }

    /// `22 ноября 2026, 08:40 UTC`.
    func time(_ seconds: Int64) -> String {
        let date = CivilTime(seconds: seconds)
        let months = language == .russian ? Self.russianMonths : Self.englishMonths
        return "\(date.day)\u{00A0}\(months[date.month - 1])\u{00A0}\(date.year), \(date.clock)\u{00A0}UTC"
    }

    /// How long ago, in one unit that a person would choose.
    func ago(_ seconds: Int64) -> String {
        let (count, forms): (Int64, [String]) =
            switch (seconds, language) {
            case (..<60, .russian): (0, ["меньше минуты"])
            case (..<60, .english): (0, ["less than a minute"])
            case (..<3600, .russian): (seconds / 60, ["минуту", "минуты", "минут"])
            case (..<3600, .english): (seconds / 60, ["minute", "minutes"])
            case (..<86400, .russian): (seconds / 3600, ["час", "часа", "часов"])
            case (..<86400, .english): (seconds / 3600, ["hour", "hours"])
            case (_, .russian): (seconds / 86400, ["день", "дня", "дней"])
            case (_, .english): (seconds / 86400, ["day", "days"])
            }
        let amount = count == 0 ? forms[0] : "\(whole(Int(count)))\u{00A0}\(plural(Int(count), forms))"
        return amount + (language == .russian ? " назад" : " ago")
    }

    /// The form of a counted word: three in Russian (1 оценка, 2 оценки, 5 оценок), two in English.
    func plural(_ count: Int, _ forms: [String]) -> String {
        guard language == .russian, forms.count == 3 else { return count == 1 ? forms[0] : forms[forms.count - 1] }
        switch (count % 10, count % 100) {
        case (_, 11...14): return forms[2]
        case (1, _): return forms[0]
        case (2...4, _): return forms[1]
        default: return forms[2]
        }
    }

    private static let russianMonths = [
        "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
        "декабря",
    ]
    private static let englishMonths = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
}

/// A moment in UTC as a calendar writes it; the arithmetic is H. Hinnant's “days from civil”, reversed.
struct CivilTime: Equatable, Sendable {
    let year, month, day, hour, minute, second: Int

    /// Seconds since 1970.
    init(seconds: Int64) {
        let days = Int(seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400)
        let rest = Int(seconds) - days * 86400
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `08:40`.
    var clock: String { "\(Self.two(hour)):\(Self.two(minute))" }

    /// `2026-11-22T08:40:05Z`.
    var rfc3339: String { "\(year)-\(Self.two(month))-\(Self.two(day))T\(clock):\(Self.two(second))Z" }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
