import Dialog
import Drawing

extension SceneBuilder {
    /// The invitation. It shows a hand and no faces: a face pressed here would only wake the kiosk, and the visitor
    /// would leave believing that the answer was given.
    mutating func addIdle() {
        let hasLanguages = !plan.controls.languages.isEmpty
        if hasLanguages {
            elements.append(.panel(Panel(bounds: plan.controls.languageStrip, fill: theme.strip)))
            addLanguageKeys(pressed: nil)
        }
        let bottom = hasLanguages ? plan.controls.languageStrip.y : measures.height
        let room = PixelRect(x: 0, y: 0, width: measures.width, height: bottom).inset(by: measures.margin)
        addSign(.touch, ink: theme.accent, share: 46, headline: phrases.invitation, text: nil, room: room)
        // After the languages: where two targets lie upon one another the earlier one is pressed.
        targets.append(SceneTarget(id: .start, label: phrases.invitation, bounds: whole))
    }

    mutating func addMessage(_ message: Phrases.Message, sign: Pictogram.Kind, ink: Color) {
        addSign(
            sign, ink: ink, share: 34, headline: message.headline, text: message.text,
            room: whole.inset(by: measures.margin))
    }

    /// A pictogram over a headline over an explanation, centred as one block; `share` is the pictogram's part of the
    /// room in percent.
    private mutating func addSign(
        _ kind: Pictogram.Kind, ink: Color, share: Int, headline: String, text: String?, room: PixelRect
    ) {
        let width = min(room.width, room.height * 17 / 10)
        let column = PixelRect(x: room.x + (room.width - width) / 2, y: room.y, width: width, height: room.height)
        var headlineRoom = column
        headlineRoom.height = room.height * 45 / 100
        let headlineStyle = largestStyle(
            headline, from: letters.body, to: headlineSize(isAlone: text == nil), alignment: .center, lines: 2,
            room: headlineRoom)
        let textStyle = TextStyle(pixelSize: explanationSize, alignment: .center)
        let headlineHeight = typesetter.measure(Typography.bind(headline), style: headlineStyle, width: width).height
        let textHeight =
            text.map { typesetter.measure(Typography.bind($0), style: textStyle, width: width).height } ?? 0
        let small = Int(letters.body * 0.5)
        let large = Int(letters.body * 1.1)
        let used = large + headlineHeight + (text == nil ? 0 : small + textHeight)
        let side = min(room.height * share / 100, room.width / 2, room.height - used)
        let top = room.y + (room.height - side - used) / 2
        elements.append(
            .pictogram(
                Pictogram(
                    kind: kind,
                    bounds: PixelRect(x: room.x + (room.width - side) / 2, y: top, width: side, height: side),
                    ink: ink, ground: theme.background)))
        var rest = column
        rest.y = top + side + large
        rest.height = headlineHeight
        addText(headline, style: headlineStyle, color: theme.ink, room: rest)
        guard let text else { return }
        rest.y = rest.bottom + small
        rest.height = textHeight
        addText(text, style: textStyle, color: theme.ink, room: rest)
    }

    private func headlineSize(isAlone: Bool) -> Double {
        let short = Double(min(measures.width, measures.height))
        return min(letters.body * 3, max(letters.body * 1.5, short * (isAlone ? 0.115 : 0.1))).rounded(.down)
    }

    /// Larger than a key's words where the screen is larger than it must be.
    private var explanationSize: Double {
        let short = Double(min(measures.width, measures.height))
        return max(letters.body, min(letters.body * 1.4, short * 0.048).rounded(.down))
    }
}
