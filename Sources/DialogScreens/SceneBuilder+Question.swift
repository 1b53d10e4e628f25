import Dialog
import Drawing
import Ratings

extension SceneBuilder {
    mutating func addQuestion(_ screen: QuestionScreen) {
        addQuestionText(screen)
        addAnswers(screen)
        if let warning = view.warning {
            addWarning(warning)
        } else {
            addControls(screen)
        }
    }

    private mutating func addQuestionText(_ screen: QuestionScreen) {
        addText(
            screen.question.text[view.language] ?? "", size: letters.question, weight: .bold,
            alignment: plan.arrangement == .split ? .leading : .center, color: theme.ink, room: plan.question)
        if plan.controls.progressIsAbove { addProgress(screen) }
    }

    private mutating func addAnswers(_ screen: QuestionScreen) {
        let options = screen.question.options
        let tallest = wordHeight(options)
        for (option, bounds) in zip(options, plan.answerKeys(options.count)) {
            let word = option.label[view.language] ?? ""
            let isPressed = screen.pressed == .answer(option.value)
            addKey(
                .answer(option.value), label: word, bounds: bounds, isPressed: isPressed, ground: theme.background
            ) { builder, face, colors in
                if builder.plan.arrangement == .columns {
                    builder.addColumnContent(option, word: word, wordHeight: tallest, key: face, colors: colors)
                } else {
                    builder.addRowContent(option, word: word, key: face, colors: colors)
                }
            }
        }
    }

    /// The height of the highest word of a question, so that faces and numbers of all its keys stand in one line.
    private func wordHeight(_ options: [Option]) -> Int {
        let width = measures.columnWidth(options.count) - 2 * measures.wordMargin
        return options.map {
            typesetter.measure(Typography.bind($0.label[view.language] ?? ""), style: letters.word, width: width).height
        }.max() ?? 0
    }

    /// Face over number over word.
    private mutating func addColumnContent(
        _ option: Option, word: String, wordHeight: Int, key: PixelRect, colors: KeyColors
    ) {
        let column = AnswerColumn(
            key: key, wordHeight: wordHeight, hasFace: option.face != nil, wordSize: letters.word.pixelSize)
        if let expression = option.face {
            elements.append(
                .face(
                    Face(bounds: column.face, expression: expression, ink: colors.ink, fill: faceFill(colors))))
        }
        addText(
            String(option.value), size: column.numberSize, weight: .bold, alignment: .center, color: colors.ink,
            room: column.number)
        addText(
            word, style: letters.word, color: colors.ink,
            room: PixelRect(
                x: key.x + measures.wordMargin, y: column.wordTop, width: key.width - 2 * measures.wordMargin,
                height: wordHeight), placement: .top)
    }

    /// Face, number and word side by side.
    private mutating func addRowContent(_ option: Option, word: String, key: PixelRect, colors: KeyColors) {
        let row = AnswerRow(key: key)
        if let expression = option.face {
            elements.append(
                .face(Face(bounds: row.face, expression: expression, ink: colors.ink, fill: faceFill(colors))))
        }
        addText(
            String(option.value), size: max(letters.word.pixelSize, Double(key.height) * 0.42), weight: .bold,
            alignment: .center, color: colors.ink, room: row.number)
        var style = letters.word
        style.alignment = .leading
        addText(word, style: style, color: colors.ink, room: row.word)
    }

    private func faceFill(_ colors: KeyColors) -> Color {
        colors.fill == theme.key ? theme.face : colors.fill
    }

    private mutating func addControls(_ screen: QuestionScreen) {
        var ground = plan.controls.strip
        if plan.controls.isStacked, !screen.question.mayBeSkipped, !screen.mayFinish {
            ground = ground.intersection(plan.controls.languageStrip)
        }
        elements.append(.panel(Panel(bounds: ground, fill: theme.strip)))
        addLanguageKeys(pressed: screen.pressed)
        if !plan.controls.progressIsAbove { addProgress(screen) }
        if screen.question.mayBeSkipped {
            addWordKey(
                .skip, label: phrases.skip, bounds: plan.controls.skip, isPressed: screen.pressed == .skip,
                ground: theme.strip)
        }
        if screen.mayFinish {
            addWordKey(
                .finish, label: phrases.finish, bounds: plan.controls.finish, isPressed: screen.pressed == .finish,
                ground: theme.strip)
        }
    }

    /// «1 из 6» over a bar of as many pieces.
    private mutating func addProgress(_ screen: QuestionScreen) {
        let room = plan.controls.progress
        let text = phrases.progress(screen.number, screen.count)
        let height = max(4, measures.keyDepth * 3 / 2)
        let textHeight = typesetter.measure(text, style: TextStyle(pixelSize: letters.body)).height
        let between = Int(letters.body * 0.2)
        let top = room.y + (room.height - textHeight - between - height) / 2
        let alignment: TextStyle.Alignment = plan.arrangement == .split ? .leading : .center
        addText(
            text, size: letters.body, alignment: alignment, color: theme.ink,
            room: PixelRect(x: room.x, y: top, width: room.width, height: textHeight))
        let gap = max(2, height / 2)
        let piece = min(Int(letters.body * 1.1), (room.width + gap) / max(1, screen.count) - gap)
        guard piece >= 2 else { return }
        let width = screen.count * (piece + gap) - gap
        let left = alignment == .leading ? room.x : room.x + (room.width - width) / 2
        for index in 0..<screen.count {
            elements.append(
                .panel(
                    Panel(
                        bounds: PixelRect(
                            x: left + index * (piece + gap), y: top + textHeight + between, width: piece,
                            height: height),
                        radius: Double(height) / 2, fill: index < screen.number ? theme.accent : theme.latchedKey)))
        }
    }

    /// In one line where it fits in large letters, else in two.
    private mutating func addWarningText(_ warning: TimeWarning, room: PixelRect) {
        let alignment: TextStyle.Alignment = plan.controls.isStacked ? .center : .leading
        let large = letters.body * 1.4
        let parts = [phrases.stillHere, phrases.secondsLeft(warning.secondsLeft)]
        var text = parts.joined(separator: " ")
        var style = largestStyle(text, from: letters.body, to: large, alignment: alignment, lines: 1, room: room)
        if style.pixelSize < large.rounded(.down) {
            text = parts.joined(separator: "\n")
            style = largestStyle(text, from: letters.body, to: large, alignment: alignment, lines: 2, room: room)
        }
        addText(text, style: style, color: theme.warningInk, room: room)
    }

    /// A dark band over the control keys. The question and its answers stay visible and can still be pressed: an
    /// answer is the best sign that somebody is there.
    private mutating func addWarning(_ warning: TimeWarning) {
        let band = plan.controls.strip
        let margin = measures.margin
        elements.append(.panel(Panel(bounds: band, fill: theme.warning)))
        let inner = PixelRect(
            x: band.x + margin, y: band.y + margin, width: band.width - 2 * margin,
            height: band.height - 2 * margin - measures.keyDepth)
        var key = inner
        var room = inner
        if plan.controls.isStacked {
            key.height = measures.controlHeight
            key.y = inner.bottom - key.height
            room.height = key.y - measures.gap - inner.y
        } else {
            key.width = max(plan.controls.moreTimeWidth, inner.width * 2 / 5)
            key.x = inner.right - key.width
            room = PixelRect(
                x: inner.x, y: band.y + margin / 2, width: key.x - 2 * margin - inner.x, height: band.height - margin)
        }
        addWarningText(warning, room: room)
        addWordKey(
            .moreTime, label: phrases.moreTime, bounds: key, isPressed: warning.pressed == .moreTime,
            ground: theme.warning)
    }
}
