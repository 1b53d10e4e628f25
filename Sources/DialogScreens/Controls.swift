import Drawing
import Ratings

/// Places of the language keys, «Пропустить», «Готово» and the progress: the same on every screen that has them.
struct Controls {
    /// The ground under the keys of a question.
    let strip: PixelRect
    /// The ground under the language keys alone.
    let languageStrip: PixelRect
    /// In the questionnaire's order; empty where there is only one language.
    let languages: [PixelRect]
    let skip: PixelRect
    let finish: PixelRect
    let progress: PixelRect
    /// Of «Мне нужно ещё время», wide enough in every language.
    let moreTimeWidth: Int
    /// Two rows of keys instead of one: actions over languages.
    let isStacked: Bool
    /// The progress stands at the top of the screen, for want of room between the keys.
    let progressIsAbove: Bool

    init(arrangement: ScreenPlan.Arrangement, measures: Measures, fitter: LetterFitter, languages codes: [String]) {
        let margin = measures.margin
        let gap = measures.gap
        let padding = max(gap, margin * 2 / 3)
        let offered = codes.count > 1 ? codes : []
        let phrases = Phrases.all
        let languageWidth = max(
            measures.leastTarget, fitter.labelWidth(offered.map { fitter.name(of: $0) }) + 2 * padding)
        let actionWidth = max(
            measures.leastTarget, fitter.labelWidth(phrases.flatMap { [$0.skip, $0.finish] }) + 2 * padding)
        let count = fitter.questionnaire.questions.count
        let progressWidth = fitter.labelWidth(phrases.map { $0.progress(count, count) })
        moreTimeWidth = fitter.labelWidth(phrases.map(\.moreTime)) + 4 * margin
        let languagesWidth = offered.count * (languageWidth + gap)
        let oneRow = 2 * margin + languagesWidth + 2 * actionWidth + gap
        let isStacked = arrangement == .split || oneRow > measures.width
        progressIsAbove = isStacked || oneRow + progressWidth + gap > measures.width
        let width = arrangement == .split ? measures.width * 46 / 100 : measures.width
        let keyHeight = measures.controlHeight
        let rowHeight = keyHeight + measures.keyDepth
        let stripHeight = 2 * margin + rowHeight + (isStacked ? gap + rowHeight : 0)
        let strip = PixelRect(x: 0, y: measures.height - stripHeight, width: width, height: stripHeight)
        let languageY = measures.height - margin - rowHeight
        let actionY = strip.y + margin
        self.isStacked = isStacked
        self.strip = strip
        languageStrip = PixelRect(
            x: 0, y: languageY - margin, width: measures.width, height: rowHeight + 2 * margin)
        let inner = width - 2 * margin
        // A stacked row is filled by its keys; a single row leaves the middle to the progress.
        let languageKey =
            isStacked ? (inner - (offered.count - 1) * gap) / max(1, offered.count) : languageWidth
        languages = offered.indices.map {
            PixelRect(x: margin + $0 * (languageKey + gap), y: languageY, width: languageKey, height: keyHeight)
        }
        let actionKey = isStacked ? (inner - gap) / 2 : actionWidth
        finish = PixelRect(x: width - margin - actionKey, y: actionY, width: actionKey, height: keyHeight)
        skip = PixelRect(x: finish.x - gap - actionKey, y: actionY, width: actionKey, height: keyHeight)
        if progressIsAbove {
            progress = PixelRect(x: margin, y: margin, width: inner, height: Int(fitter.body * 2))
        } else {
            let left = margin + languagesWidth
            // In the middle of the screen where there is room for it, as the question is.
            let reach = min(measures.width / 2 - left, skip.x - gap - measures.width / 2)
            progress =
                reach * 2 >= progressWidth
                ? PixelRect(x: measures.width / 2 - reach, y: actionY, width: 2 * reach, height: keyHeight)
                : PixelRect(x: left, y: actionY, width: skip.x - gap - left, height: keyHeight)
        }
    }
}
