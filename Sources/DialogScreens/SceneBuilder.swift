import Dialog
import Drawing
import Ratings

/// Makes the scene of a view by a plan.
struct SceneBuilder {
    let plan: ScreenPlan
    let theme: Theme
    let languages: [(code: String, name: String)]
    let typesetter: Typesetter
    let phrases: Phrases
    let view: DialogView
    var elements: [SceneElement] = []
    var targets: [SceneTarget] = []

    init(
        view: DialogView, plan: ScreenPlan, theme: Theme, languages: [(code: String, name: String)],
        typesetter: Typesetter
    ) {
        self.view = view
        self.plan = plan
        self.theme = theme
        self.languages = languages
        self.typesetter = typesetter
        phrases = Phrases.phrases(for: view.language)
    }

    var measures: Measures { plan.measures }
    var letters: Letters { plan.letters }
    var whole: PixelRect { PixelRect(x: 0, y: 0, width: measures.width, height: measures.height) }

    mutating func build() -> Scene {
        elements.append(.panel(Panel(bounds: whole, fill: theme.background)))
        switch view.screen {
        case .idle: addIdle()
        case .question(let question): addQuestion(question)
        case .thanks: addMessage(phrases.thanks, sign: .done, ink: theme.accent)
        case .notRecorded: addMessage(phrases.notRecorded, sign: .attention, ink: theme.attention)
        case .closed(let reason): addMessage(phrases.message(for: reason), sign: .pause, ink: theme.accent)
        }
        if view.technicianMark { addTechnicianMark() }
        return Scene(
            screen: view.screen.name, language: view.language, width: measures.width, height: measures.height,
            elements: elements, targets: targets)
    }

    /// A key that can be pressed: its front edge below it, its face, and what `content` puts on the face.
    ///
    /// A pressed key sinks by the depth of its edge and turns dark; a latched one sinks and stays light. Every key
    /// looks the same when it is pressed, whatever it means.
    mutating func addKey(
        _ id: TargetID, label: String, bounds: PixelRect, isPressed: Bool, isLatched: Bool = false,
        ground: Color, content: (inout SceneBuilder, PixelRect, KeyColors) -> Void
    ) {
        let isDown = isPressed || isLatched
        let isOnDark = ground == theme.warning
        let face = isDown ? bounds.moved(down: measures.keyDepth) : bounds
        if !isDown {
            elements.append(
                .panel(
                    Panel(
                        role: .key,
                        bounds: PixelRect(
                            x: bounds.x, y: bounds.y, width: bounds.width, height: bounds.height + measures.keyDepth),
                        radius: measures.radius, fill: isOnDark ? theme.latchedKey : theme.keyEdge)))
        }
        let fill = isPressed ? theme.pressedKey : isLatched ? theme.latchedKey : theme.key
        let edge = isPressed ? (isOnDark ? theme.pressedInk : theme.pressedKey) : theme.keyEdge
        elements.append(
            .panel(
                Panel(
                    role: .key, bounds: face, radius: measures.radius, fill: fill,
                    border: Panel.Border(color: edge, width: measures.border))))
        content(&self, face, KeyColors(ink: isPressed ? theme.pressedInk : theme.ink, fill: fill))
        targets.append(SceneTarget(id: id, label: label, bounds: bounds))
    }

    struct KeyColors {
        var ink: Color
        var fill: Color
    }

    /// A key with nothing but words on it.
    mutating func addWordKey(
        _ id: TargetID, label: String, bounds: PixelRect, isPressed: Bool, isLatched: Bool = false, ground: Color
    ) {
        addKey(id, label: label, bounds: bounds, isPressed: isPressed, isLatched: isLatched, ground: ground) {
            builder, face, colors in
            builder.addText(
                label, size: builder.letters.body, weight: .bold, alignment: .center, color: colors.ink,
                room: face.inset(by: builder.measures.wordMargin))
        }
    }

    enum Placement {
        case top, middle
    }

    /// A text in a room; gives the box it takes up.
    @discardableResult
    mutating func addText(
        _ text: String, size: Double, weight: TextStyle.Weight = .regular, alignment: TextStyle.Alignment,
        color: Color, room: PixelRect, placement: Placement = .middle
    ) -> PixelRect {
        let style = TextStyle(pixelSize: size, weight: weight, alignment: alignment)
        return addText(text, style: style, color: color, room: room, placement: placement)
    }

    @discardableResult
    mutating func addText(
        _ text: String, style: TextStyle, color: Color, room: PixelRect, placement: Placement = .middle
    ) -> PixelRect {
        let bound = Typography.bind(text)
        let width = typesetter.balancedWidth(bound, style: style, width: room.width)
        let metrics = typesetter.measure(bound, style: style, width: width)
        let x =
            switch style.alignment {
            case .leading: room.x
            case .center: room.x + (room.width - width) / 2
            case .trailing: room.right - width
            }
        let y = placement == .top ? room.y : room.y + (room.height - metrics.height) / 2
        let bounds = PixelRect(x: x, y: y, width: width, height: metrics.height)
        elements.append(
            .text(TextBlock(text: bound, style: style, color: color, bounds: bounds, room: room)))
        return bounds
    }

    /// The largest letters, bold, between two sizes that keep a text within some lines and within its room.
    func largestStyle(
        _ text: String, from least: Double, to most: Double, alignment: TextStyle.Alignment, lines: Int, room: PixelRect
    ) -> TextStyle {
        var style = TextStyle(pixelSize: most.rounded(.down), weight: .bold, alignment: alignment)
        while style.pixelSize > least {
            let metrics = typesetter.estimate(Typography.bind(text), style: style, width: room.width)
            if !metrics.breaksWord, metrics.lineCount <= lines, metrics.height <= room.height { break }
            style.pixelSize = max(least, (style.pixelSize * 0.94).rounded(.down))
        }
        return style
    }

    mutating func addLanguageKeys(pressed: TargetID?) {
        for (language, bounds) in zip(languages, plan.controls.languages) {
            addWordKey(
                .language(language.code), label: language.name, bounds: bounds,
                isPressed: pressed == .language(language.code), isLatched: language.code == view.language,
                ground: theme.strip)
        }
    }

    /// In the upper right corner, where no key and no text ever stands.
    private mutating func addTechnicianMark() {
        let side = measures.leastTarget * 35 / 100
        let inset = measures.margin / 2
        let right = plan.arrangement == .split ? plan.controls.strip.right : measures.width
        elements.append(
            .pictogram(
                Pictogram(
                    kind: .technician,
                    bounds: PixelRect(x: right - inset - side, y: inset, width: side, height: side),
                    ink: theme.keyEdge, ground: theme.background)))
    }
}
