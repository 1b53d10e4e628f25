import Reporting

/// The page as the template sees it: texts only, and numbers that are coordinates of a picture.
///
/// Mustache reads the members by reflection, so a member's name is the name in `page.mustache`.
struct PageView {
    let t: Phrases
    let language: String
    let otherLanguage: String
    let collector: String
    let time: String
    let machineTime: String
    let headline: Headline
    let offices: [Office]
    let hasOffices: Bool
    let kiosks: [Kiosk]
    let hasKiosks: Bool
    let i: IntegrityPhrases
    let integrity: [IntegrityView]
    let hasIntegrity: Bool

    struct Headline {
        let ratings: String
        let share: String
        let interval: String
        let mean: String
        let answered: String
        let answeredDetail: String
        let kiosks: String
        /// Says so when the share is not of all ratings.
        let note: String?
    }

    struct Office {
        let name: String
        let services: [Row]
        /// The sum of the rows that are shown; nothing when that would only repeat one row.
        let total: Row?
    }

    struct Row {
        let name: String
        let figures: FiguresView?
        let hidden: String
    }

    struct FiguresView {
        let ratings: String
        let share: String
        let interval: String
        let low: Double
        let width: Double
        let point: Double
        let shareDescription: String
        let mean: String
        let bars: [Bar]
        let barsDescription: String
        let counts: [MarkCount]
        let answered: String
        let answeredDetail: String
    }

    /// One piece of the distribution, in percent of the whole width.
    struct Bar {
        let mark: Int
        let start: Double
        let width: Double
    }

    struct MarkCount {
        let mark: Int
        let count: String
    }

    struct Kiosk {
        let id: String
        let place: String
        let lastSeen: String
        let lastSeenDetail: String?
        let unsent: String
        let condition: String
        let conditionClass: String
    }
}

/// Makes the page's texts out of its facts: hides small rows, sums what is shown, spells numbers.
struct PageComposer {
    let wording: Wording
    let suppression: Suppression

    init(language: PageLanguage, suppression: Suppression) {
        wording = Wording(language: language)
        self.suppression = suppression
    }

    private var russian: Bool { wording.language == .russian }

    func compose(_ facts: PageFacts) -> PageView {
        PageView(
            t: .of(wording.language, minimum: suppression.minimum), language: wording.language.rawValue,
            otherLanguage: russian ? "en" : "ru", collector: facts.collector, time: wording.time(facts.now),
            machineTime: CivilTime(seconds: facts.now).rfc3339, headline: headline(facts),
            offices: offices(facts.places),
            hasOffices: !facts.places.isEmpty, kiosks: facts.kiosks.map { kiosk($0, now: facts.now) },
            hasKiosks: !facts.kiosks.isEmpty, i: .of(wording.language), integrity: facts.integrity.map(integrity),
            hasIntegrity: !facts.integrity.isEmpty)
    }

    private func headline(_ facts: PageFacts) -> PageView.Headline {
        let received = facts.places.reduce(0) { $0 + $1.counts.marks.count }
        let total = suppression.total(facts.places.map(\.counts)).shown
        let figures = Figures(total.marks)
        let outside = received - total.marks.count
        return PageView.Headline(
            ratings: wording.whole(received), share: figures.map { wording.percent($0.share) } ?? "—",
            interval: figures.map(interval) ?? "", mean: figures.map { wording.decimal($0.mean, places: 2) } ?? "—",
            answered: answered(total.dialogs), answeredDetail: answeredOfShown(total.dialogs),
            kiosks: kiosksInTouch(facts), note: outside > 0 ? note(outside) : nil)
    }

    private func note(_ outside: Int) -> String {
        let count = wording.whole(outside)
        let minimum = suppression.minimum
        return russian
            ? "В долю и среднюю не \(wording.plural(outside, ["вошла", "вошли", "вошли"])) "
                + "\(count) \(wording.plural(outside, ["оценка", "оценки", "оценок"])) "
                + "из строк, где их меньше \(minimum)."
            : "The share and the mean leave out \(count) \(wording.plural(outside, ["rating", "ratings"])) "
                + "in rows that have fewer than \(minimum)."
    }

    /// Heard of within the last quarter of an hour, of those that are enrolled.
    private func kiosksInTouch(_ facts: PageFacts) -> String {
        let enrolled = facts.kiosks.filter { $0.state == .enrolled }
        let reached = enrolled.filter { ($0.lastSeen ?? .min / 2) > facts.now - Self.silence }
        return wording.whole(reached.count) + (russian ? " из " : " of ") + wording.whole(enrolled.count)
    }

    /// A heartbeat comes every minute; a kiosk is called silent after a quarter of an hour without one.
    static let silence: Int64 = 900

    private func offices(_ places: [PageFacts.Place]) -> [PageView.Office] {
        var names: [String?] = []
        for place in places where !names.contains(place.office) { names.append(place.office) }
        return names.map { name in
            let rows = places.filter { $0.office == name }
            let shown = rows.filter { suppression.shows($0.counts) }
            let total = suppression.total(rows.map(\.counts)).shown
            return PageView.Office(
                name: name ?? (russian ? "Зал не указан" : "Office not stated"),
                services: rows.map { row(serviceName($0.service), $0.counts) },
                total: shown.count > 1
                    ? row(Phrases.of(wording.language, minimum: suppression.minimum).officeTotal, total) : nil)
        }
    }

    private func serviceName(_ name: String?) -> String {
        name ?? (russian ? "Услуга не указана" : "Service not stated")
    }

    private func row(_ name: String, _ counts: Counts) -> PageView.Row {
        let figures = suppression.shows(counts) ? Figures(counts.marks) : nil
        let minimum = suppression.minimum
        let hidden =
            russian
            ? "Меньше \(minimum) оценок: показатели скрыты, чтобы нельзя было узнать ответ отдельного человека."
            : "Fewer than \(minimum) ratings: hidden, so that nobody’s answer can be read from them."
        return PageView.Row(name: name, figures: figures.map { view($0, counts) }, hidden: hidden)
    }

    private func view(_ figures: Figures, _ counts: Counts) -> PageView.FiguresView {
        let share = wording.percent(figures.share)
        let marks = Marks.scale.map { counts.marks[$0] }
        return PageView.FiguresView(
            ratings: wording.whole(figures.count), share: share, interval: interval(figures),
            low: Self.coordinate(figures.low), width: Self.coordinate(figures.high - figures.low),
            point: Self.coordinate(figures.share), shareDescription: "\(share), \(interval(figures))",
            mean: wording.decimal(figures.mean, places: 2), bars: Self.bars(marks),
            barsDescription: zip(Marks.scale, marks).map { "\($0) — \(wording.whole($1))" }.joined(separator: "; "),
            counts: zip(Marks.scale, marks).map { PageView.MarkCount(mark: $0, count: wording.whole($1)) },
            answered: answered(counts.dialogs), answeredDetail: answeredDetail(counts.dialogs))
    }

    private func interval(_ figures: Figures) -> String {
        let bounds = "\(wording.decimal(figures.low, places: 1))–\(wording.percent(figures.high))"
        return russian ? "95 % интервал: \(bounds)" : "95% interval: \(bounds)"
    }

    static func bars(_ counts: [Int]) -> [PageView.Bar] {
        let total = Double(max(1, counts.reduce(0, +)))
        var before = 0
        return zip(Marks.scale, counts).map { mark, count in
            defer { before += count }
            return PageView.Bar(
                mark: mark, start: coordinate(100 * Double(before) / total),
                width: coordinate(100 * Double(count) / total))
        }
    }

    /// Two decimals of a percent: finer than a pixel, and short in the page.
    static func coordinate(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    private func answered(_ dialogs: Dialogs) -> String {
        guard dialogs.shown > 0 else { return "—" }
        return wording.percent(100 * Double(dialogs.answered) / Double(dialogs.shown), places: 0)
    }

    private func answeredDetail(_ dialogs: Dialogs) -> String {
        guard dialogs.shown > 0 else { return "" }
        let rest: [(Int, String)] =
            russian
            ? [
                (dialogs.timeout, "время вышло"), (dialogs.cancelled, "отказались"), (dialogs.interrupted, "прервано"),
                (dialogs.refused, "не сохранено"), (dialogs.open, "ещё идёт"),
            ]
            : [
                (dialogs.timeout, "timed out"), (dialogs.cancelled, "declined"), (dialogs.interrupted, "interrupted"),
                (dialogs.refused, "not stored"), (dialogs.open, "not ended"),
            ]
        let others = rest.filter { $0.0 > 0 }.map { "\($1) \(wording.whole($0))" }
        return ([answeredOfShown(dialogs)] + others).joined(separator: ", ")
    }

    private func answeredOfShown(_ dialogs: Dialogs) -> String {
        guard dialogs.shown > 0 else { return "" }
        return wording.whole(dialogs.answered) + (russian ? " из " : " of ") + wording.whole(dialogs.shown)
    }
}
