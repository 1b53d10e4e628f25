import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Reporting
import Testing

@testable import CollectorWeb

@Suite struct PageTests {
    func html(_ facts: PageFacts, _ language: PageLanguage) throws -> String {
        try PageTemplate().render(PageComposer(language: language, suppression: .standard).compose(facts))
    }

    @Test("The Russian page says what the figures are, in Russian spelling")
    func russian() throws {
        let page = try html(.sample, .russian)
        for text in [
            "<html lang=\"ru\">", "Как посетители оценивают услуги", "22\u{00A0}ноября\u{00A0}2026, 08:40\u{00A0}UTC",
            "85,9\u{00A0}%", "95 % интервал: 82,6–88,7\u{00A0}%", "4,31", "488 из 702, время вышло 151, отказались 49",
            "1\u{202F}123", "В долю и среднюю не вошли 7 оценок из строк, где их меньше 10.", "Услуга не указана",
            "2\u{00A0}часа назад", "ждёт подключения", "доля = 100 · (число «4» + число «5») / n",
        ] { #expect(page.contains(text), "\(text)") }
    }

    @Test("The English page says the same in English")
    func english() throws {
        let page = try html(.sample, .english)
        for text in [
            "<html lang=\"en\">", "How visitors rate public services",
            "22\u{00A0}November\u{00A0}2026, 08:40\u{00A0}UTC",
            "85.9%", "95% interval: 82.6–88.7%", "4.31", "488 of 702, timed out 151, declined 49", "1,123",
            "The share and the mean leave out 7 ratings in rows that have fewer than 10.", "Service not stated",
            "2\u{00A0}hours ago", "waiting to be enrolled", "share = 100 · (number of 4s + number of 5s) / n",
        ] { #expect(page.contains(text), "\(text)") }
    }

    @Test("A row with fewer than ten ratings shows no figure, and no total lets it be found by subtraction")
    func hidden() throws {
        let page = try html(.sample, .english)
        let row = try #require(page.split(separator: "</tr>").first { $0.contains("Справка о судимости") })
        #expect(row.contains("Fewer than 10 ratings"))
        #expect(!row.contains("%") && !row.contains("class=\"counts\""))
        // The office's total is that of its two other rows: 505 + 61.
        #expect(page.contains(">566<") && !page.contains(">573<"))
    }

    @Test(
        "Without kiosks and ratings the page says what will come, and shows no figure", arguments: PageLanguage.allCases
    )
    func empty(language: PageLanguage) throws {
        let page = try html(.empty, language)
        #expect(page.contains(language == .russian ? "Оценок пока нет" : "No ratings yet"))
        #expect(page.contains("otsenka-collector kiosk add"))
        #expect(page.contains("<strong>—</strong>"))
        #expect(!page.contains("<table"))
    }

    @Test("Names are texts, whatever they hold: tags, quotation marks, marks that combine with them")
    func escaped() throws {
        var facts = PageFacts.sample
        let names = ["<script>alert(1)</script>", "\"\u{301} onmouseover=\"x", "</title><b>", "'&amp;", "{{t.title}}"]
        facts.places = names.map { name in
            PageFacts.Place(office: name, service: name, counts: Counts(marks: Marks([0, 0, 0, 0, 20])))
        }
        facts.kiosks = names.map {
            PageFacts.Kiosk(
                id: $0, office: $0, service: $0, window: $0, state: .enrolled, lastSeen: facts.now, unsent: 0,
                marks: [$0])
        }
        facts.collector = names[2]
        let page = try html(facts, .english)
        #expect(!page.contains("<script") && !page.contains("<b>alert") && !page.contains("</title><b>"))
        #expect(!page.unicodeScalars.contains("\"\u{301}".unicodeScalars))
        #expect(page.unicodeScalars.contains("&quot;\u{301} onmouseover=&quot;x".unicodeScalars))
        #expect(page.contains("{{t.title}}"))
    }

    @Test("The page has nothing that its Content-Security-Policy would have to allow", arguments: PageLanguage.allCases)
    func strict(language: PageLanguage) throws {
        let page = try html(.sample, language)
        for forbidden in [
            "<script", "<style", " style=", " on", "javascript:", "<img", "<iframe", "<form", "http://", "https://",
        ] {
            let found = forbidden == " on" ? page.contains(/<[^>]* on[a-z]+=/) : page.contains(forbidden)
            #expect(!found, "\(forbidden)")
        }
        #expect(page.contains("aria-label=\"1 — 12; 2 — 18; 3 — 41; 4 — 163; 5 — 271\""))
    }

    @Test(
        "The language is what the reader asks for, else what the browser prefers, else Russian",
        arguments: [
            ("en", nil, PageLanguage.english), ("ru", "en", .russian), ("xx", "en", .english), (nil, nil, .russian),
            (nil, "en-GB,en;q=0.9,ru;q=0.8", .english), (nil, "ru-RU, en;q=0.5", .russian), (nil, "de, fr", .russian),
            (nil, "de;q=0.9, en;q=0.3", .english), (nil, "ru;q=0.1, en;q=0.2", .english), (nil, "en;q=0", .russian),
            (nil, ";;q=,,", .russian),
        ] as [(String?, String?, PageLanguage)])
    func language(query: String?, header: String?, expected: PageLanguage) {
        #expect(PageLanguage(query: query, acceptLanguage: header) == expected)
    }

    @Test("The bars of a distribution stand side by side and fill the whole width")
    func bars() {
        let bars = PageComposer.bars([12, 18, 41, 163, 271])
        #expect(bars.map(\.mark) == [1, 2, 3, 4, 5])
        for (bar, next) in zip(bars, bars.dropFirst()) { #expect(abs(bar.start + bar.width - next.start) < 0.011) }
        #expect(abs((bars.last?.start ?? 0) + (bars.last?.width ?? 0) - 100) < 0.011)
        #expect(PageComposer.bars([0, 0, 0, 0, 0]).allSatisfy { $0.width == 0 })
    }

    @Test("OTSENKA_PAGES names a folder that gets the page, to be looked at", arguments: PageLanguage.allCases)
    func look(language: PageLanguage) throws {
        guard let folder = ProcessInfo.processInfo.environment["OTSENKA_PAGES"] else { return }
        for (name, facts) in [("page", PageFacts.sample), ("empty", .empty)] {
            let page = try html(facts, language).replacing("\"/page.css\"", with: "\"page.css\"")
            try page.write(toFile: "\(folder)/\(name).\(language.rawValue).html", atomically: true, encoding: .utf8)
        }
        try Data(PackageResources.page_css).write(to: URL(filePath: "\(folder)/page.css"))
    }
}

@Suite struct WordingTests {
    @Test(
        "Counted words take the form of their number",
        arguments: [
            (1, "оценка"), (2, "оценки"), (5, "оценок"), (11, "оценок"), (14, "оценок"), (21, "оценка"),
            (112, "оценок"), (1004, "оценки"), (0, "оценок"),
        ] as [(Int, String)])
    func plural(count: Int, form: String) {
        #expect(Wording(language: .russian).plural(count, ["оценка", "оценки", "оценок"]) == form)
    }

    @Test(
        "Numbers are rounded once and grouped",
        arguments: [(0.0, "0.0"), (99.96, "100.0"), (44.5036, "44.5"), (1234.56, "1,234.6"), (9.95, "10.0")]
            as [(Double, String)])
    func decimal(number: Double, text: String) {
        #expect(Wording(language: .english).decimal(number, places: 1) == text)
    }

    /// `date -u -d @SECONDS +%FT%TZ` of GNU coreutils.
    @Test(
        "Moments are written as the calendar has them",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_795_336_800, "2026-11-22T08:40:00Z"), (951_827_696, "2000-02-29T12:34:56Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func calendar(seconds: Int64, text: String) throws {
        #expect(CivilTime(seconds: seconds).rfc3339 == text)
        if seconds >= 0 { #expect(try Day.start(of: String(text.prefix(10))) == (seconds - seconds % 86400) * 1000) }
    }

    @Test(
        "What is not a day is refused",
        arguments: ["2026-02-30", "2026-13-01", "26-1-1", "2026-11-2x", "", "2026-11-22T00:00", "+026-11-22"])
    func notADay(text: String) {
        #expect(throws: CollectorFailure.self) { try Day.start(of: text) }
    }
}
