import Dialog

extension Phrases {
    /// What the screen says while a technician is at work. The headline is for everybody, the text for the technician, who has
    /// no keyboard and no other screen.
    struct Maintenance: Sendable {
        var headline: String
        var soon: String
        var plugIn: String
        var working: String
        var done: String
        var pullOut: String
        var restarting: String
        var deeds: @Sendable (MaintenanceDeed) -> String
        /// By the code of the technician's guide.
        var troubles: [Int: String]
        var otherTrouble: @Sendable (_ code: Int) -> String

        func text(of notice: MaintenanceNotice) -> String {
            switch notice {
            case .open(false): soon
            case .open(true): plugIn
            case .working: working
            case .restarting: restarting
            case .done(let deeds, let trouble):
                ((deeds.isEmpty ? [] : [done + deeds.map(self.deeds).joined(separator: ", ") + "."])
                    + [trouble.map { troubles[$0] ?? otherTrouble($0) }, pullOut].compactMap(\.self))
                    .joined(separator: " ")
            }
        }
    }
}

extension Phrases.Maintenance {
    static let russian = Phrases.Maintenance(
        headline: "Идёт обслуживание",
        soon: "Киоск снова заработает через несколько минут.",
        plugIn: "Киоск снова заработает через несколько минут. Специалисту: вставьте флешку.",
        working: "Специалисту: идёт работа с флешкой, не вынимайте её и не выключайте киоск.",
        done: "Готово: ",
        pullOut: "Флешку можно вынуть.",
        restarting: "Киоск перезапускается.",
        deeds: { deed in
            switch deed {
            case .clockSet: "часы установлены"
            case .networkSet: "настройки сети приняты"
            case .receiptsTaken: "расписки приняты"
            case .updateInstalled: "обновление установлено"
            case .exported: "оценки записаны на флешку"
            }
        },
        troubles: [
            21: "Код 21: флешка не читается. Нужна исправная, отформатированная в FAT32.",
            22: "Код 22: на флешке нет места или она защищена от записи.",
            23: "Код 23: флешку вынули раньше времени. Вставьте её ещё раз.",
            24: "Код 24: обновление не принято. Возьмите другой файл.",
            25: "Код 25: на флешке нет ничего для этого киоска.",
            26: "Код 26: в файле с настройками сети ошибка.",
            27: "Код 27: сбой киоска. Перезапустите его.",
        ],
        otherTrouble: { "Код \($0)." })

    static let english = Phrases.Maintenance(
        headline: "Being serviced",
        soon: "The kiosk will be back in a few minutes.",
        plugIn: "The kiosk will be back in a few minutes. Technician: plug in the stick.",
        working: "Technician: the stick is in use. Leave it in and the kiosk switched on.",
        done: "Done: ",
        pullOut: "You can take the stick out.",
        restarting: "The kiosk is restarting.",
        deeds: { deed in
            switch deed {
            case .clockSet: "clock set"
            case .networkSet: "network settings taken"
            case .receiptsTaken: "receipts taken"
            case .updateInstalled: "update installed"
            case .exported: "ratings written to the stick"
            }
        },
        troubles: [
            21: "Code 21: the stick cannot be read. Use a sound one, formatted as FAT32.",
            22: "Code 22: the stick is full or write-protected.",
            23: "Code 23: the stick was taken out too soon. Plug it in again.",
            24: "Code 24: the update was not accepted. Use another file.",
            25: "Code 25: there is nothing for this kiosk on the stick.",
            26: "Code 26: the network file has a mistake.",
            27: "Code 27: the kiosk failed. Restart it.",
        ],
        otherTrouble: { "Code \($0)." })
}
