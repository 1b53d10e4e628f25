import Drawing
import Ratings

/// Where the parts of every screen stand and how large their letters are: one plan for a geometry and a questionnaire,
/// so that nothing moves between questions or languages.
struct ScreenPlan {
    enum Arrangement: Equatable {
        /// Five tall keys side by side under the question.
        case columns
        /// Five wide keys below one another under the question: portrait screens.
        case rows
        /// Five wide keys at the right of the question: landscape screens whose keys would be too narrow for a word.
        case split
    }

    let geometry: ScreenGeometry
    let arrangement: Arrangement
    let measures: Measures
    let letters: Letters
    /// Language and action keys.
    let controls: Controls
    /// Room for the text of a question.
    let question: PixelRect
    /// Where the answer keys stand, whatever their number.
    let answers: PixelRect

    init(geometry: ScreenGeometry, questionnaire: Questionnaire, typesetter: Typesetter) {
        let measures = Measures(geometry: geometry)
        let fitter = LetterFitter(geometry: geometry, questionnaire: questionnaire, typesetter: typesetter)
        let arrangement = Self.arrangement(measures: measures, fitter: fitter)
        let controls = Controls(
            arrangement: arrangement, measures: measures, fitter: fitter, languages: questionnaire.languages)
        let rooms = Self.rooms(arrangement: arrangement, measures: measures, controls: controls)
        self.geometry = geometry
        self.arrangement = arrangement
        self.measures = measures
        self.controls = controls
        question = rooms.question
        answers = rooms.answers
        let wordWidth =
            arrangement == .columns
            ? measures.columnWidth(fitter.optionCount) - 2 * measures.wordMargin
            : AnswerRow.wordWidth(
                in: rooms.answers.width, rowHeight: measures.rowHeight(rooms.answers, fitter.optionCount))
        letters = fitter.letters(
            wordWidth: wordWidth, wordLines: arrangement == .columns ? 2 : 1, question: rooms.question,
            questionLines: arrangement == .split ? 5 : 2,
            mostWord: arrangement == .columns
                ? fitter.body * 1.25 : Double(measures.rowHeight(rooms.answers, fitter.optionCount)) * 0.34)
    }

    /// The rectangles of `count` answer keys, in the order of the options.
    func answerKeys(_ count: Int) -> [PixelRect] {
        let gap = measures.gap
        if arrangement == .columns {
            let width = measures.columnWidth(count)
            return (0..<count).map { index in
                // Spread from both ends, so that the last key ends exactly at the margin.
                let x = answers.x + index * (answers.width - width) / max(1, count - 1)
                return PixelRect(x: x, y: answers.y, width: width, height: answers.height)
            }
        }
        let height = measures.rowHeight(answers, count)
        let used = count * height + (count - 1) * gap
        let top = answers.y + (arrangement == .rows ? answers.height - used : 0)
        return (0..<count).map { index in
            PixelRect(x: answers.x, y: top + index * (height + gap), width: answers.width, height: height)
        }
    }

    private static func arrangement(measures: Measures, fitter: LetterFitter) -> Arrangement {
        if measures.height * 10 > measures.width * 11 { return .rows }
        let width = measures.columnWidth(fitter.optionCount) - 2 * measures.wordMargin
        let rows = PixelRect(
            x: 0, y: 0, width: measures.width / 2, height: measures.height - 2 * measures.margin - measures.keyDepth)
        let rowsAreLargeEnough = measures.rowHeight(rows, fitter.optionCount) >= measures.leastTarget
        // On a screen that has room for neither, the letters shrink until no word is cut, and the linter says so.
        return fitter.wordsFit(columns: width) || !rowsAreLargeEnough ? .columns : .split
    }

    private static func rooms(
        arrangement: Arrangement, measures: Measures, controls: Controls
    ) -> (question: PixelRect, answers: PixelRect) {
        let margin = measures.margin
        let width = measures.width - 2 * margin
        let top = margin + (controls.progressIsAbove ? controls.progress.bottom : 0)
        switch arrangement {
        case .split:
            let x = controls.strip.right + margin
            return (
                PixelRect(
                    x: margin, y: top, width: controls.strip.width - 2 * margin, height: controls.strip.y - margin - top
                ),
                PixelRect(
                    x: x, y: margin, width: measures.width - margin - x,
                    height: measures.height - 2 * margin - measures.keyDepth)
            )
        case .columns:
            let height = controls.strip.y - margin - measures.keyDepth - top
            let answers = min(height * 66 / 100, measures.columnWidth(5) * 7 / 4)
            let y = controls.strip.y - margin - measures.keyDepth - answers
            return (
                PixelRect(x: margin, y: top, width: width, height: y - margin - top),
                PixelRect(x: margin, y: y, width: width, height: answers)
            )
        case .rows:
            let height = controls.strip.y - margin - measures.keyDepth - top
            let answers = height * 70 / 100
            let y = controls.strip.y - margin - measures.keyDepth - answers
            return (
                PixelRect(x: margin, y: top, width: width, height: y - margin - top),
                PixelRect(x: margin, y: y, width: width, height: answers)
            )
        }
    }
}

/// Distances in pixels, made from millimetres.
struct Measures {
    let width: Int
    let height: Int
    /// Around the screen's contents.
    let margin: Int
    /// Between keys.
    let gap: Int
    /// How far a key stands out, and sinks when it is pressed.
    let keyDepth: Int
    let radius: Double
    let border: Double
    /// Between a word and the side of its key.
    let wordMargin: Int
    /// The least side of a target.
    let leastTarget: Int
    /// Height of the language and action keys.
    let controlHeight: Int

    init(geometry: ScreenGeometry) {
        let short = min(geometry.widthMillimetres, geometry.heightMillimetres)
        func pixels(share: Double, from least: Double, to most: Double) -> Int {
            geometry.pixels(min(max(share * short, least), most))
        }
        width = geometry.width
        height = geometry.height
        margin = pixels(share: 0.034, from: 2, to: 12)
        gap = pixels(share: 0.022, from: LayoutRules.leastGapMillimetres, to: 7)
        keyDepth = pixels(share: 0.009, from: 0.7, to: 2.4)
        radius = Double(pixels(share: 0.016, from: 1.5, to: 4))
        border = max(1, geometry.pixelsPerMillimetre * 0.3)
        wordMargin = geometry.pixels(0.6)
        leastTarget = geometry.pixels(LayoutRules.leastTargetMillimetres)
        controlHeight = pixels(share: 0.085, from: LayoutRules.leastTargetMillimetres, to: 28)
    }

    func columnWidth(_ count: Int) -> Int { (width - 2 * margin - (count - 1) * gap) / count }

    /// Of each of `count` wide keys below one another; on a tall screen they do not grow without end.
    func rowHeight(_ room: PixelRect, _ count: Int) -> Int {
        min((room.height - (count - 1) * gap) / count, max(leastTarget, room.width * 26 / 100))
    }
}
