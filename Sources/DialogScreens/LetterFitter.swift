import Drawing
import Ratings

/// Sizes of letters (em) in pixels.
struct Letters {
    /// Control keys, progress, explanations.
    let body: Double
    let word: TextStyle
    let question: Double
    /// Headlines of the screens around the questions.
    let headline: Double
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
        let capRatio = typesetter.capHeight(TextStyle(pixelSize: 100)) / 100
        let least = geometry.minimumCapHeightMillimetres * geometry.pixelsPerMillimetre / max(0.3, capRatio)
        minimumSize = least.rounded(.up)
        body = max(minimumSize, (0.034 * Double(min(geometry.width, geometry.height))).rounded())
    }

    func letters(wordWidth: Int, wordLines: Int, question room: PixelRect, questionLines: Int) -> Letters {
        let word = wordStyle(width: wordWidth, lines: wordLines)
        let question = largest(from: minimumSize, to: (body * 1.75).rounded()) { size in
            let style = TextStyle(pixelSize: size, weight: .bold, alignment: .center)
            return questions.allSatisfy { text in
                let metrics = typesetter.measure(Typography.bind(text), style: style, width: room.width)
                return !metrics.breaksWord && metrics.lineCount <= questionLines && metrics.height <= room.height
            }
        }
        return Letters(body: body, word: word, question: question, headline: (body * 1.9).rounded())
    }

    /// Whether every answer's word can stand on a key of this width.
    func wordsFit(width: Int, size: Double, lines: Int, weight: TextStyle.Weight = .regular) -> Bool {
        let style = TextStyle(pixelSize: size, weight: weight, alignment: .center)
        return words.allSatisfy { word in
            let metrics = typesetter.measure(word, style: style, width: width)
            return !metrics.breaksWord && metrics.lineCount <= lines
        }
    }

    func name(of language: String) -> String { questionnaire.languageNames[language] ?? language }

    /// The width of the widest of some labels on control keys.
    func labelWidth(_ labels: [String]) -> Int {
        labels.map { typesetter.measure($0, style: TextStyle(pixelSize: body, weight: .bold)).width }.max() ?? 0
    }

    /// Bold where the room allows, for it is read from farther away.
    private func wordStyle(width: Int, lines: Int) -> TextStyle {
        for (weight, lines) in [(TextStyle.Weight.bold, 1), (.bold, lines), (.regular, lines)]
        where wordsFit(width: width, size: minimumSize, lines: lines, weight: weight) {
            let size = largest(from: minimumSize, to: (body * 1.25).rounded()) {
                wordsFit(width: width, size: $0, lines: lines, weight: weight)
            }
            return TextStyle(pixelSize: size, weight: weight, alignment: .center)
        }
        return TextStyle(pixelSize: minimumSize, weight: .regular, alignment: .center)
    }

    /// The largest whole size that fits; the smallest one where none does, which the linter then reports.
    private func largest(from least: Double, to most: Double, fits: (Double) -> Bool) -> Double {
        var low = Int(least)
        var high = max(low, Int(most))
        while low < high {
            let middle = (low + high + 1) / 2
            if fits(Double(middle)) { low = middle } else { high = middle - 1 }
        }
        return Double(low)
    }
}
