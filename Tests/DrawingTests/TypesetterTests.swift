import Drawing
import FoundationEssentials
import Testing

@Suite struct TypesetterTests {
    let typesetter: Typesetter
    let style = TextStyle(pixelSize: 40)

    init() throws { typesetter = try Typesetter() }

    @Test func russianAndEnglishAreSetInPTSans() {
        #expect(typesetter.family(showing: "Оценка", style: style) == "PT Sans")
        #expect(typesetter.family(showing: "Rating", style: style) == "PT Sans")
        var narrow = style
        narrow.isNarrow = true
        #expect(typesetter.family(showing: "Оценка", style: narrow) == "PT Sans Narrow")
        #expect(
            typesetter.measure("Нормально", style: narrow).width < typesetter.measure("Нормально", style: style).width)
    }

    @Test("What PT Sans lacks comes from Noto", arguments: ["Հայերեն", "ქართული", "العربية", "עברית", "हिन्दी"])
    func fallback(text: String) throws {
        let family = try #require(typesetter.family(showing: text, style: style))
        #expect(family.hasPrefix("Noto"))
        #expect(typesetter.measure(text, style: style).unknownGlyphs == 0)
    }

    @Test func aCharacterThatNoFontHasIsCounted() {
        #expect(typesetter.measure("да \u{10FFFD}", style: style).unknownGlyphs == 1)
    }

    @Test func aCapitalHOfPTSansIsSevenTenthsOfTheEm() {
        #expect(abs(typesetter.capHeight(style) - 28) < 0.1)
        #expect(abs(typesetter.capHeight(TextStyle(pixelSize: 80, weight: .bold)) - 56) < 0.2)
    }

    @Test func linesBreakBetweenWordsAndOnlyALongWordIsCut() {
        let wide = typesetter.measure("Время ожидания в очереди", style: style)
        #expect(wide.lineCount == 1 && !wide.breaksWord)
        let narrow = typesetter.measure("Время ожидания в очереди", style: style, width: wide.width * 7 / 10)
        #expect(narrow.lineCount == 2 && !narrow.breaksWord)
        #expect(narrow.width <= wide.width * 7 / 10)
        #expect(narrow.height > wide.height)
        #expect(typesetter.measure("Удовлетворительно", style: style, width: 200).breaksWord)
    }

    @Test func aNoBreakSpaceHoldsTwoWordsTogether() {
        let style = TextStyle(pixelSize: 40)
        let width = typesetter.measure("ожидания в", style: style).width + 4
        #expect(typesetter.measure("ожидания в очереди", style: style, width: width).lineCount == 2)
        #expect(typesetter.measure("ожидания в\u{A0}очереди", style: style, width: width).lineCount == 2)
        let bound = typesetter.measure("ожидания в\u{A0}очереди", style: style, width: width)
        #expect(bound.width < width - 20)
    }

    @Test func balancedLinesAreOfLikeLengthAndNoMoreThanBefore() {
        let text = "Доступность информации о порядке предоставления услуги"
        let width = typesetter.measure(text, style: style).width * 9 / 10
        let balanced = typesetter.balancedWidth(text, style: style, width: width)
        #expect(balanced < width * 2 / 3)
        #expect(typesetter.measure(text, style: style, width: balanced).lineCount == 2)
        #expect(
            typesetter.balancedWidth("Да", style: style, width: 500) <= typesetter.measure("Да", style: style).width + 1
        )
    }

    @Test(
        "Alignment moves the ink inside the box",
        arguments: [
            (TextStyle.Alignment.leading, 0..<100), (.center, 140..<260), (.trailing, 300..<400),
        ])
    func alignment(alignment: TextStyle.Alignment, expected: Range<Int>) throws {
        let bitmap = try picture("Да", TextStyle(pixelSize: 40, alignment: alignment))
        let columns = (0..<400).filter { x in (0..<60).contains { bitmap.color(x: x, y: $0) != Color(hex: 0) } }
        #expect(expected.contains(try #require(columns.first)))
        #expect(expected.contains(try #require(columns.last)))
    }

    @Test func rightToLeftTextStartsAtTheRight() throws {
        let bitmap = try picture("עברית", TextStyle(pixelSize: 40, alignment: .leading))
        let columns = (0..<400).filter { x in (0..<60).contains { bitmap.color(x: x, y: $0) != Color(hex: 0) } }
        #expect(try #require(columns.first) > 200)
    }

    @Test func drawingTheSameTextAgainGivesTheSamePixels() throws {
        let first = try picture("Спасибо!", style)
        let second = try picture("Спасибо!", style)
        #expect(first.difference(from: second, tolerance: 0) == 0)
    }

    @Test func foldersWithoutFontsAreNamedInTheError() throws {
        let folder = FileManager.default.temporaryDirectory.path() + "otsenka-no-fonts-here"
        let error = #expect(throws: DrawingError.self) { _ = try Typesetter(folders: [folder]) }
        #expect(error == .noFonts(folders: [folder]))
        #expect("\(try #require(error))".contains("fonts-paratype"))
    }

    private func picture(_ text: String, _ style: TextStyle) throws -> Bitmap {
        let bitmap = try Bitmap(width: 400, height: 60)
        try bitmap.draw { canvas in
            typesetter.draw(
                text, style: style, color: Color(hex: 0xFFFFFF), in: PixelRect(x: 0, y: 0, width: 400, height: 60),
                on: canvas)
        }
        return bitmap
    }
}
