/// The fixed texts of the page, in one language. The template names them as `t.name`.
struct Phrases: Sendable {
    let product: String
    let title: String
    let lead: String
    let otherLanguage: String
    let asOf: String
    let ratingsReceived: String
    let shareOfSatisfied: String
    let meanMark: String
    let dialogsAnswered: String
    let kiosksReporting: String
    let placesTitle: String
    let service: String
    let ratings: String
    let share: String
    let mean: String
    let distribution: String
    let dialogs: String
    let officeTotal: String
    let noPlaces: String
    let legend: String
    let legendWorst: String
    let legendBest: String
    let legendInterval: String
    let kiosksTitle: String
    let kiosksLead: String
    let kiosk: String
    let place: String
    let lastReport: String
    let unsent: String
    let condition: String
    let noKiosks: String
    let methodTitle: String
    let method: [Term]
    let programs: String

    struct Term: Sendable {
        let name: String
        let text: String
        var formula: String?
    }

    static func of(_ language: PageLanguage, minimum: Int) -> Phrases {
        switch language {
        case .russian: russian(minimum: minimum)
        case .english: english(minimum: minimum)
        }
    }
}

extension Phrases {
    static func russian(minimum: Int) -> Phrases {
        Phrases(
            product: "Оценка",
            title: "Как посетители оценивают услуги",
            lead: "Каждая оценка, поставленная на киоске в зале приёма, учтена здесь ровно один раз. "
                + "Показатели считаются по подписанным записям киосков; формулы приведены внизу страницы.",
            otherLanguage: "English",
            asOf: "Данные на",
            ratingsReceived: "получено оценок",
            shareOfSatisfied: "оценок 4 и 5",
            meanMark: "средняя оценка из 5",
            dialogsAnswered: "ответили на вопрос киоска",
            kiosksReporting: "киосков на связи",
            placesTitle: "Залы приёма и услуги",
            service: "Услуга", ratings: "Оценок", share: "Доля оценок 4 и 5", mean: "Средняя",
            distribution: "Сколько раз поставили 1, 2, 3, 4 и 5", dialogs: "Ответили из тех, кого спросили",
            officeTotal: "Все показанные услуги",
            noPlaces: "Оценок пока нет. Они появятся здесь, как только первый киоск передаст свои записи.",
            legend: "Оценки", legendWorst: "1 — хуже всего", legendBest: "5 — лучше всего",
            legendInterval: "Чёрточка — доля на шкале от 0 до 100 %, голубая полоса — её 95 % интервал.",
            kiosksTitle: "Киоски: кто и когда передал данные",
            kiosksLead: "Если киоск молчит или держит у себя непереданные записи, показатели его зала ещё неполны.",
            kiosk: "Киоск", place: "Где стоит", lastReport: "Последняя связь", unsent: "Ещё не передано записей",
            condition: "Состояние",
            noKiosks: "Ни один киоск ещё не зарегистрирован. Администратор добавляет его командой "
                + "otsenka-collector kiosk add.",
            methodTitle: "Как считаются показатели",
            method: russianMethod(minimum: minimum),
            programs: "Те же показатели для программ:")
    }

    private static func russianMethod(minimum: Int) -> [Term] {
        [
            Term(
                name: "Оценка",
                text: "Отметка от 1 до 5, которую посетитель поставил, отвечая на общий вопрос. Она засчитана, даже "
                    + "если на следующие вопросы он не ответил. Недостающие ответы ничем не заполняются, нажатия не "
                    + "удаляются."),
            Term(
                name: "Доля оценок 4 и 5", text: "Сколько оценок из каждых ста — «хорошо» или «отлично».",
                formula: "доля = 100 · (число «4» + число «5») / n\nn — число оценок"),
            Term(
                name: "95 % интервал Уилсона",
                text: "Показывает, насколько точно доля известна при таком числе оценок: чем их меньше, тем интервал "
                    + "шире. Если интервалы двух залов пересекаются, ставить один выше другого нельзя.",
                formula: "границы = 100 · (k + z²/2 ∓ z·√(k(n − k)/n + z²/4)) / (n + z²)\n"
                    + "k = число «4» + число «5»\nz = 1,959964"),
            Term(name: "Средняя оценка", text: "", formula: "средняя = сумма оценок / n"),
            Term(
                name: "Ответили из тех, кого спросили",
                text: "Сколько раз киоск задал вопрос и сколько раз посетитель ответил до конца. У остальных вышло "
                    + "время, они отказались отвечать или опрос прервался. Чем меньше ответивших, тем осторожнее надо "
                    + "читать долю: довольные отвечают охотнее."),
            Term(
                name: "Меньше \(minimum) оценок",
                text: "Такие строки скрыты, чтобы по ним нельзя было узнать ответ отдельного человека. В общую долю, "
                    + "среднюю и итоги по залам входят только показанные строки, поэтому скрытую строку нельзя "
                    + "получить вычитанием."),
        ]
    }
}

extension Phrases {
    static func english(minimum: Int) -> Phrases {
        Phrases(
            product: "Otsenka",
            title: "How visitors rate public services",
            lead: "Every rating given on a kiosk in a reception hall is counted here exactly once. "
                + "The figures are computed from the kiosks’ signed records; the formulas stand at the end of the page.",
            otherLanguage: "Русский",
            asOf: "As of",
            ratingsReceived: "ratings received",
            shareOfSatisfied: "of the marks are 4 or 5",
            meanMark: "mean mark, out of 5",
            dialogsAnswered: "answered when a kiosk asked",
            kiosksReporting: "kiosks in touch",
            placesTitle: "Offices and services",
            service: "Service", ratings: "Ratings", share: "Share of 4 and 5", mean: "Mean",
            distribution: "How often 1, 2, 3, 4 and 5 were given", dialogs: "Answered, of those asked",
            officeTotal: "All services shown",
            noPlaces: "No ratings yet. They appear here as soon as the first kiosk has sent its records.",
            legend: "Marks", legendWorst: "1 is the worst", legendBest: "5 is the best",
            legendInterval: "The dark stroke is the share on a scale from 0 to 100%, the blue band its 95% interval.",
            kiosksTitle: "Kiosks: which have reported, and when",
            kiosksLead:
                "While a kiosk is silent or still holds records back, the figures of its office are incomplete.",
            kiosk: "Kiosk", place: "Where it stands", lastReport: "Last heard of", unsent: "Records still to send",
            condition: "Condition",
            noKiosks: "No kiosk is registered yet. An administrator adds one with otsenka-collector kiosk add.",
            methodTitle: "How the figures are computed",
            method: englishMethod(minimum: minimum),
            programs: "The same figures for programs:")
    }

    private static func englishMethod(minimum: Int) -> [Term] {
        [
            Term(
                name: "Rating",
                text: "The mark from 1 to 5 that a visitor gave to the overall question. It counts even if the visitor "
                    + "left the questions after it unanswered. Missing answers are never filled in and presses never "
                    + "deleted."),
            Term(
                name: "Share of 4 and 5", text: "How many marks of a hundred are “good” or “excellent”.",
                formula: "share = 100 · (number of 4s + number of 5s) / n\nn is the number of ratings"),
            Term(
                name: "Wilson 95% interval",
                text: "How precisely the share is known from that many ratings: the fewer, the wider. Where the "
                    + "intervals of two offices overlap, neither should be ranked above the other.",
                formula: "bounds = 100 · (k + z²/2 ∓ z·√(k(n − k)/n + z²/4)) / (n + z²)\n"
                    + "k = number of 4s + number of 5s\nz = 1.959964"),
            Term(name: "Mean", text: "", formula: "mean = sum of the marks / n"),
            Term(
                name: "Answered, of those asked",
                text: "How often a kiosk asked, and how often the visitor answered to the end. The others let the time "
                    + "run out, declined, or were interrupted. The fewer answer, the more carefully the "
                    + "share is to be read: satisfied people answer more readily."),
            Term(
                name: "Fewer than \(minimum) ratings",
                text:
                    "Such rows are hidden, so that nobody’s answer can be read from them. The overall share, the mean "
                    + "and the offices’ totals take in only the rows that are shown, so a hidden row cannot be found "
                    + "by subtraction."),
        ]
    }
}
