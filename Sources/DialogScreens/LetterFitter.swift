import Drawing
import Ratings

/// Sizes of letters (em) in pixels.
struct Letters {
    /// Control keys, progress, explanations.
    let body: Double
    let word: TextStyle
    let question: Double
}

/// Finds the largest letters with which all texts of a questionnaire, in all its languages, fit their places.
struct LetterFitter {
    let geometry: ScreenGeometry
    let optionCount: Int
    /// The smallest em whose capitals are high enough to be read from the viewing distance.
    let minimumSize: Double
    let body: Double
    private let words: [String]
    private let questions: [String]
    private let typesetter: Typesetter
    let questionnaire: Questionnaire

    init(geometry: ScreenGeometry, questionnaire: Questionnaire, typesetter: Typesetter) {
        self.geometry = geometry
        self.questionnaire = questionnaire
        self.typesetter = typesetter
        optionCount = max(1, questionnaire.questions.map(\.options.count).max() ?? 1)
        words = Set(questionnaire.questions.flatMap(\.options).flatMap(\.label.values)).sorted()
        questions = questionnaire.questions.flatMap(\.text.values)
        let capRatio =
            typesetter.capHeight(TextStyle(pixelSize: Typesetter.referenceSize)) / Typesetter.referenceSize
        let least = geometry.minimumCapHeightMillimetres * geometry.pixelsPerMillimetre / max(0.3, capRatio)
        // A screen that is too small for its distance gets letters that fit it, and the linter says that they are small.
        let most = 0.062 * Double(min(geometry.width, geometry.height))
        minimumSize = (min(least, most) * 4).rounded(.up) / 4
        body = max(minimumSize, (0.038 * Double(min(geometry.width, geometry.height))).rounded())
    }

    /// - Parameters:
    ///   - wordWidth: room for the word of an answer; `wordLines` of them at most, no larger than `mostWord`.
    func letters(
        wordWidth: Int, wordLines: Int, question room: PixelRect, questionLines: Int, mostWord: Double
    ) -> Letters {
        let question = largest(from: minimumSize, to: body * 2) { size in
            let style = TextStyle(pixelSize: size, weight: .bold, alignment: .center)
            return questions.allSatisfy { text in
                let metrics = typesetter.estimate(Typography.bind(text), style: style, width: room.width)
                return !metrics.breaksWord && metrics.lineCount <= questionLines && metrics.height <= room.height
            }
        }
        return Letters(
            body: body, word: wordStyle(width: wordWidth, lines: wordLines, most: max(body, mostWord)),
            question: question)
    }

    /// Whether every answer's word can stand, legibly, on a tall key of this width.
    func wordsFit(columns width: Int) -> Bool {
        wordStyles(width: width, lines: 2).contains { wordsFit($0) }
    }

    func name(of language: String) -> String { questionnaire.languageNames[language] ?? language }

    /// The width of the widest of some labels on control keys.
    func labelWidth(_ labels: [String]) -> Int {
        labels.map { typesetter.estimate($0, style: TextStyle(pixelSize: body, weight: .bold)).width }.max() ?? 0
    }

    /// How words may be set, best first: bold in one line, bold in several, regular, and bold of the narrow face.
    /// All but the narrow face keep some air to the sides of the key.
    private func wordStyles(width: Int, lines: Int) -> [WordStyle] {
        let airy = width * 94 / 100
        func style(_ weight: TextStyle.Weight, isNarrow: Bool = false) -> TextStyle {
            TextStyle(pixelSize: minimumSize, weight: weight, isNarrow: isNarrow, alignment: .center)
        }
        return [
            WordStyle(text: style(.bold), width: airy, lines: 1),
            WordStyle(text: style(.bold), width: airy, lines: lines),
            WordStyle(text: style(.regular), width: airy, lines: lines),
            WordStyle(text: style(.bold, isNarrow: true), width: width, lines: lines),
        ]
    }

    private struct WordStyle {
        var text: TextStyle
        var width: Int
        var lines: Int
    }

    private func wordsFit(_ style: WordStyle) -> Bool {
        words.allSatisfy { word in
            let metrics = typesetter.estimate(Typography.bind(word), style: style.text, width: style.width)
            return !metrics.breaksWord && metrics.lineCount <= style.lines
        }
    }

    private func wordStyle(width: Int, lines: Int, most: Double) -> TextStyle {
        let styles = wordStyles(width: width, lines: lines)
        var chosen = styles.first(where: wordsFit) ?? styles[styles.count - 1]
        // Below the legible size only where nothing else fits: a small word is better than a cut one.
        let least = wordsFit(chosen) ? minimumSize : minimumSize / 3
        chosen.text.pixelSize = largest(from: least, to: most) { size in
            var larger = chosen
            larger.text.pixelSize = size
            if size > minimumSize { larger.width = width * 94 / 100 }
            return wordsFit(larger)
        }
        return chosen.text
    }

    /// The largest size, in quarters of a pixel, that fits; the least one where none does, which the linter reports.
    private func largest(from least: Double, to most: Double, fits: (Double) -> Bool) -> Double {
        var low = Int((least * 4).rounded(.up))
        var high = max(low, Int(most * 4))
        while low < high {
            let middle = (low + high + 1) / 2
            if fits(Double(middle) / 4) { low = middle } else { high = middle - 1 }
        }
        return Double(low) / 4
    }
}
