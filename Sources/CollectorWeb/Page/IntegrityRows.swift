import Collecting

/// The fixed texts of the appendix. The template names them as `i.name`.
struct IntegrityPhrases: Sendable {
    let title: String
    let lead: String
    let kiosk: String
    let epoch: String
    let records: String
    let missing: String
    let dialogs: String
    let uncertain: String
    let late: String
    let remarks: String
    let audit: String

    static func of(_ language: PageLanguage) -> IntegrityPhrases {
        switch language {
        case .russian:
            IntegrityPhrases(
                title: "Полнота и целостность данных",
                lead: "Записи каждого киоска идут подряд, и каждая содержит хеш предыдущей, поэтому пропажа или правка "
                    + "любой из них видна. Новая эпоха начинается, когда киоск подключают заново или когда его журнал "
                    + "был повреждён.",
                kiosk: "Киоск", epoch: "Эпоха", records: "Получены записи", missing: "Подписаны, но не получены",
                dialogs: "Опросов", uncertain: "Время известно приблизительно", late: "Пришли позже чем через сутки",
                remarks: "Что было необычного", audit: "Как проверить одно нажатие самому")
        case .english:
            IntegrityPhrases(
                title: "Completeness and integrity of the data",
                lead:
                    "The records of each kiosk are numbered without a gap, and each carries the hash of the one before "
                    + "it, so one that is missing or changed can be seen. A new epoch begins when a kiosk is enrolled "
                    + "again, or when its journal was damaged.",
                kiosk: "Kiosk", epoch: "Epoch", records: "Records received", missing: "Signed, not received",
                dialogs: "Dialogs", uncertain: "Time known only roughly", late: "Came more than a day late",
                remarks: "What was out of the ordinary", audit: "How to check one press yourself")
        }
    }
}

/// A line of the appendix as the template sees it.
struct IntegrityView {
    let kiosk: String
    let epoch: String
    let records: String
    let missing: String
    let dialogs: String
    let uncertain: String
    let late: String
    let remarks: [String]
    let isWhole: Bool
    let nothing: String
}

extension PageComposer {
    func integrity(_ row: IntegrityRow) -> IntegrityView {
        let russian = wording.language == .russian
        let share = row.uncertainShare.map { wording.percent($0) } ?? "—"
        return IntegrityView(
            kiosk: row.kiosk, epoch: "\(row.epoch)",
            records: row.last == 0 ? "—" : "\(row.first)–\(wording.whole(Int(row.last)))",
            missing: row.missing.map { "\(wording.whole(Int($0.first)))–\(wording.whole(Int($0.last)))" } ?? "—",
            dialogs: wording.whole(row.sessions), uncertain: row.uncertain == 0 ? "—" : share,
            late: row.late == 0 ? "—" : wording.whole(row.late), remarks: remarks(row), isWhole: remarks(row).isEmpty,
            nothing: russian ? "ничего" : "nothing")
    }

    private func remarks(_ row: IntegrityRow) -> [String] {
        let russian = wording.language == .russian
        var remarks: [String] = []
        if let loss = row.loss {
            let receipted = loss.receiptedSequence.map {
                russian ? ", расписка есть до записи \($0)" : ", receipted up to record \($0)"
            }
            remarks.append(
                (russian ? "прежний журнал утрачен (\(loss.reason)" : "the journal before was lost (\(loss.reason)")
                    + (receipted ?? "") + ")")
        }
        switch row.state {
        case .closed: remarks.append(russian ? "эпоха закрыта" : "the epoch is closed")
        case .revoked: remarks.append(russian ? "киоск отозван" : "the kiosk was revoked")
        case .open, .superseded: break
        }
        let counted: [(Int, ru: String, en: String)] = [
            (
                row.forks, "записи разошлись с уже принятыми (два журнала с одним ключом)",
                "records differed from what is stored (two journals with one key)"
            ),
            (row.rewinds, "журнал киоска оказался старее принятого", "the journal was set back"),
            (
                row.cutTails, "пропали записи, подписанные, но ещё не переданные",
                "signed records were lost before they were sent"
            ),
            (
                row.collectorRewinds, "принятые записи были утрачены здесь и запрошены снова",
                "receipted records were lost here and asked for again"
            ),
            (
                row.afterRevocation, "записи пришли после отзыва киоска и не учтены",
                "records came after the revocation and are not counted"
            ),
        ]
        for (count, ru, en) in counted where count > 0 {
            let times = wording.plural(count, russian ? ["раз", "раза", "раз"] : ["time", "times"])
            remarks.append((russian ? ru : en) + ": \(wording.whole(count)) \(times)")
        }
        return remarks
    }
}
