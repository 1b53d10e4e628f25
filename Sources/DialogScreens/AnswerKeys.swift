import Drawing

/// The inside of a tall answer key: face, number and word below one another, centred as one block.
struct AnswerColumn {
    let face: PixelRect
    let number: PixelRect
    let numberSize: Double
    let wordTop: Int

    init(key: PixelRect, wordHeight: Int, hasFace: Bool, wordSize: Double) {
        // What the face leaves: the number is a little larger than the word, and never smaller.
        numberSize = max(wordSize, min(wordSize * 1.7, Double(key.height) * 0.17)).rounded()
        let numberHeight = Int((numberSize * 1.32).rounded(.up))
        let padding = max(4, key.height * 5 / 100)
        let free = key.height - 2 * padding - numberHeight - wordHeight
        // Little, for a line of text is higher than its letters.
        let between = max(1, free * 3 / 100)
        let side = hasFace ? max(0, min(free - 2 * between, key.width * 66 / 100)) : 0
        let block = side + between + numberHeight + between + wordHeight
        let top = key.y + (key.height - block) / 2
        face = PixelRect(x: key.x + (key.width - side) / 2, y: top, width: side, height: side)
        number = PixelRect(x: key.x, y: top + side + between, width: key.width, height: numberHeight)
        wordTop = number.bottom + between
    }
}

/// The inside of a wide answer key: face, number and word side by side.
struct AnswerRow {
    let face: PixelRect
    let number: PixelRect
    let word: PixelRect

    init(key: PixelRect) {
        let padding = Self.padding(key.height)
        let side = key.height - 2 * padding
        face = PixelRect(x: key.x + padding * 2, y: key.y + padding, width: side, height: side)
        number = PixelRect(
            x: face.right + padding, y: key.y, width: Self.numberWidth(key.height), height: key.height)
        word = PixelRect(
            x: number.right + padding, y: key.y, width: Self.wordWidth(in: key.width, rowHeight: key.height),
            height: key.height)
    }

    static func wordWidth(in width: Int, rowHeight: Int) -> Int {
        let padding = padding(rowHeight)
        return width - (rowHeight - 2 * padding) - numberWidth(rowHeight) - 5 * padding
    }

    private static func padding(_ rowHeight: Int) -> Int { max(3, rowHeight * 14 / 100) }
    private static func numberWidth(_ rowHeight: Int) -> Int { rowHeight * 45 / 100 }
}
