import Dialog
import Drawing
import Ratings

/// Measures finished scenes, as they are drawn, against `LayoutRules`; it knows nothing of how they were laid out.
public struct LayoutLinter {
    private let geometry: ScreenGeometry
    private let typesetter: Typesetter

    public init(geometry: ScreenGeometry, typesetter: Typesetter) {
        self.geometry = geometry
        self.typesetter = typesetter
    }

    /// Every violation of a scene.
    /// - Parameter name: how the screen is called in the violations; the scene's own name when none.
    public func violations(in scene: Scene, named name: String? = nil) -> [LayoutViolation] {
        var report = Report(screen: name ?? scene.screen, language: scene.language)
        checkTargets(scene, &report)
        checkTexts(scene, &report)
        checkOverlaps(scene, &report)
        checkContrast(scene, &report)
        return report.violations
    }

    /// Collects the violations of one screen.
    struct Report {
        let screen: String
        let language: String
        var violations: [LayoutViolation] = []

        mutating func add(_ rule: LayoutViolation.Rule, _ subject: String, measured: Double, required: Double) {
            violations.append(
                LayoutViolation(
                    rule: rule, screen: screen, language: language, subject: subject, measured: measured,
                    required: required))
        }
    }

    private func checkTargets(_ scene: Scene, _ report: inout Report) {
        let screen = PixelRect(x: 0, y: 0, width: scene.width, height: scene.height)
        for target in scene.targets {
            let side = geometry.millimetres(Double(min(target.bounds.width, target.bounds.height)))
            if side < LayoutRules.leastTargetMillimetres {
                report.add(
                    .targetSize, target.id.name, measured: side, required: LayoutRules.leastTargetMillimetres)
            }
            if !screen.contains(target.bounds) {
                let shown = screen.intersection(target.bounds)
                let hidden = target.bounds.width * target.bounds.height - shown.width * shown.height
                report.add(.targetOutside, target.id.name, measured: Double(hidden), required: 0)
            }
        }
        // The invitation lies under the languages on purpose: all of the screen answers to a touch.
        let keys = scene.targets.filter { $0.id != .start }
        for (index, first) in keys.enumerated() {
            for second in keys[(index + 1)...] {
                let gap = geometry.millimetres(Double(Self.gap(first.bounds, second.bounds)))
                if gap < LayoutRules.leastGapMillimetres {
                    report.add(
                        .targetGap, "\(first.id.name) and \(second.id.name)", measured: gap,
                        required: LayoutRules.leastGapMillimetres)
                }
            }
        }
    }

    /// Pixels between two rectangles along the axis on which they are farther apart; negative where they overlap.
    private static func gap(_ first: PixelRect, _ second: PixelRect) -> Int {
        max(
            max(first.x, second.x) - min(first.right, second.right),
            max(first.y, second.y) - min(first.bottom, second.bottom))
    }

    private func checkTexts(_ scene: Scene, _ report: inout Report) {
        let screen = PixelRect(x: 0, y: 0, width: scene.width, height: scene.height)
        for block in scene.texts {
            let subject = "“\(block.text)”"
            let height = geometry.millimetres(typesetter.capHeight(block.style))
            let required = geometry.minimumCapHeightMillimetres
            if height < required { report.add(.capHeight, subject, measured: height, required: required) }
            let metrics = typesetter.measure(block.text, style: block.style, width: block.bounds.width)
            let room = block.room.intersection(screen)
            let over = max(metrics.width - room.width, metrics.height - room.height)
            let isOutside = !screen.contains(block.bounds)
            if over > 0 || isOutside {
                report.add(.textOverflow, subject, measured: Double(max(over, 1)), required: 0)
            }
            if metrics.breaksWord { report.add(.cutWord, subject, measured: 1, required: 0) }
            if metrics.unknownGlyphs > 0 {
                report.add(.missingGlyph, subject, measured: Double(metrics.unknownGlyphs), required: 0)
            }
        }
    }

    private func checkOverlaps(_ scene: Scene, _ report: inout Report) {
        let marks = scene.elements.compactMap { element -> (name: String, bounds: PixelRect)? in
            switch element {
            case .panel: nil
            case .text(let block): ("“\(block.text)”", block.bounds)
            case .face(let face): ("face \(face.expression)", face.bounds)
            case .pictogram(let pictogram): ("\(pictogram.kind)", pictogram.bounds)
            }
        }
        for (index, first) in marks.enumerated() {
            for second in marks[(index + 1)...] where first.bounds.intersects(second.bounds) {
                report.add(.textOverlap, "\(first.name) and \(second.name)", measured: 1, required: 0)
            }
        }
    }
}

extension Scene {
    var texts: [TextBlock] {
        elements.compactMap { if case .text(let block) = $0 { block } else { nil } }
    }
}

extension ScreenPainter {
    /// Measures every screen of a questionnaire in every language.
    public func lint(_ questionnaire: Questionnaire) -> [LayoutViolation] {
        let linter = LayoutLinter(geometry: geometry, typesetter: typesetter)
        return questionnaire.languages.flatMap { language in
            var found: [LayoutViolation] = []
            if !Phrases.languages.contains(language) {
                found.append(
                    LayoutViolation(
                        rule: .missingPhrases, screen: "all", language: language, subject: language, measured: 0,
                        required: 1))
            }
            for entry in ScreenCatalogue.entries(for: questionnaire, language: language) {
                found += linter.violations(in: makeScene(entry.view), named: entry.name)
            }
            return found
        }
    }
}
