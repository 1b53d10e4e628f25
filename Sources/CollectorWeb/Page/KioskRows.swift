extension PageComposer {
    /// One line of the kiosks' table.
    func kiosk(_ kiosk: PageFacts.Kiosk, now: Int64) -> PageView.Kiosk {
        let russian = wording.language == .russian
        let window = kiosk.window.map { russian ? "окно \($0)" : "window \($0)" }
        let place = [kiosk.office, kiosk.service, window].compactMap(\.self).joined(separator: ", ")
        let never = russian ? "ещё не выходил на связь" : "never"
        let (condition, style) = condition(kiosk, now: now)
        return PageView.Kiosk(
            id: kiosk.id, place: place, lastSeen: kiosk.lastSeen.map { wording.ago(max(0, now - $0)) } ?? never,
            lastSeenDetail: kiosk.lastSeen.map(wording.time), unsent: kiosk.unsent.map(wording.whole) ?? "—",
            condition: condition, conditionClass: style)
    }

    private func condition(_ kiosk: PageFacts.Kiosk, now: Int64) -> (text: String, style: String) {
        let russian = wording.language == .russian
        switch kiosk.state {
        case .waiting: return (russian ? "ждёт подключения" : "waiting to be enrolled", "quiet")
        case .closed: return (russian ? "нужно подключить заново" : "needs to be enrolled again", "alarm")
        case .revoked: return (russian ? "отозван" : "revoked", "alarm")
        case .enrolled: break
        }
        guard let seen = kiosk.lastSeen else { return (russian ? "ждёт первой связи" : "not heard of yet", "quiet") }
        if now - seen > Self.silence { return (russian ? "молчит" : "silent", "alarm") }
        if !kiosk.marks.isEmpty {
            // Codes of the kiosk's own, kept as they are: a technician looks them up, nobody else needs them.
            return (
                (russian ? "требует внимания: " : "needs attention: ") + kiosk.marks.joined(separator: ", "), "alarm"
            )
        }
        return (russian ? "работает" : "works", "good")
    }
}
