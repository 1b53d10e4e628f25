import Dialog
import Drawing
import Ratings
import Testing

@testable import DialogScreens

@Suite struct LayoutLinterTests {
    @Test("Every screen in every language keeps every rule", arguments: Fixture.screens)
    func clean(screen: NamedGeometry) throws {
        let violations = try Fixture.painter(screen.geometry).lint(Fixture.questionnaire)
        #expect(violations.isEmpty, "\(violations.map(\.description).joined(separator: "\n"))")
    }

    @Test("A word too long for a tall key turns the keys, or is let shrink and reported", arguments: Fixture.screens)
    func longWord(screen: NamedGeometry) throws {
        let questionnaire = Fixture.questionnaire(middle: "Удовлетворительно")
        let violations = try Fixture.painter(screen.geometry, questionnaire: questionnaire).lint(questionnaire)
        if screen.geometry.width == 800 {
            // A 7-inch screen holds five legible words of ten letters at most: such a questionnaire is refused on it.
            #expect(Set(violations.map(\.rule)) == [.capHeight])
            #expect(violations.contains { $0.subject == "“Удовлетворительно”" && $0.measured < 3.6 })
        } else {
            #expect(violations.isEmpty, "\(violations.map(\.description).joined(separator: "\n"))")
        }
    }

    @Test func aPaleThemeIsRefusedForTextAndForKeys() throws {
        var theme = Theme.standard
        theme.ink = Color(hex: 0x9AA5B1)
        theme.keyEdge = Color(hex: 0xD0D6DC)
        let violations = try Fixture.painter(Fixture.screens[1].geometry, theme: theme).lint(Fixture.questionnaire)
        let rules = Set(violations.map(\.rule))
        #expect(rules == [.textContrast, .graphicsContrast])
        let question = try #require(
            violations.first { $0.screen == "question-1" && $0.subject.contains("сегодня") && $0.language == "ru" })
        #expect(question.required == 4.5)
        #expect(abs(question.measured - Contrast.ratio(theme.ink, theme.background)) < 0.001)
    }

    @Test func aScreenTooSmallForItsDistanceIsRefused() throws {
        let geometry = ScreenGeometry(
            width: 800, height: 480, diagonalInches: 5, viewingDistanceMillimetres: 500)
        let violations = try Fixture.painter(geometry).lint(Fixture.questionnaire)
        #expect(violations.contains { $0.rule == .capHeight && $0.required > 6.1 })
        #expect(violations.contains { $0.rule == .targetSize && $0.subject == "answer-1" && $0.required == 20 })
    }

    @Test func aDistanceThatIsTooFarMakesSmallLettersAndNoMess() throws {
        let geometry = ScreenGeometry(
            width: 800, height: 480, diagonalInches: 7, viewingDistanceMillimetres: 500)
        let violations = try Fixture.painter(geometry).lint(Fixture.questionnaire)
        #expect(Set(violations.map(\.rule)) == [.capHeight])
    }

    @Test func theSentenceNamesScreenLanguageTargetAndBothFigures() {
        let violation = LayoutViolation(
            rule: .targetSize, screen: "question-2", language: "en", subject: "skip", measured: 12.345, required: 20)
        #expect(violation.description == "question-2 (en): target-size of skip: 12.35 mm, required 20 mm")
    }

    @Test("Each single fault of a scene is found", arguments: Fault.allCases)
    func faults(fault: Fault) throws {
        let painter = try Fixture.painter(Fixture.screens[1].geometry)
        var scene = painter.makeScene(Fixture.question(2))
        let linter = LayoutLinter(geometry: painter.geometry, typesetter: painter.typesetter)
        #expect(linter.violations(in: scene).isEmpty)
        try fault.apply(to: &scene)
        #expect(linter.violations(in: scene).map(\.rule).contains(fault.rule))
    }

    enum Fault: CaseIterable {
        case narrowTarget, touchingTargets, overlappingTargets, targetOffTheScreen, smallText, textOverItsRoom
        case cutWord, unknownCharacter, textOnText, paleText, paleFace, paleKey

        var rule: LayoutViolation.Rule {
            switch self {
            case .narrowTarget: .targetSize
            case .touchingTargets, .overlappingTargets: .targetGap
            case .targetOffTheScreen: .targetOutside
            case .smallText: .capHeight
            case .textOverItsRoom: .textOverflow
            case .cutWord: .cutWord
            case .unknownCharacter: .missingGlyph
            case .textOnText: .textOverlap
            case .paleText: .textContrast
            case .paleFace, .paleKey: .graphicsContrast
            }
        }

        func apply(to scene: inout Scene) throws {
            switch self {
            case .narrowTarget: scene.targets[0].bounds.width = 100
            case .touchingTargets: scene.targets[0].bounds.width = scene.targets[1].bounds.x - scene.targets[0].bounds.x
            case .overlappingTargets: scene.targets[0].bounds = scene.targets[1].bounds
            case .targetOffTheScreen: scene.targets[0].bounds.x = -1
            default: try applyToElements(of: &scene)
            }
        }

        private func applyToElements(of scene: inout Scene) throws {
            let pale = Color(hex: 0xCCD6E0)
            let index = try #require(
                scene.elements.firstIndex {
                    switch ($0, self) {
                    case (.face, .paleFace): true
                    case (.panel(let panel), .paleKey): panel.role == .key
                    case (.text, .paleFace), (.text, .paleKey): false
                    case (.text, _): true
                    default: false
                    }
                })
            switch scene.elements[index] {
            case .text(var block):
                switch self {
                case .smallText: block.style.pixelSize = 12
                case .textOverItsRoom: block.room.height = 10
                case .cutWord: block.bounds.width = 60
                case .unknownCharacter: block.text += "\u{10FFFD}"
                case .textOnText: scene.elements.append(.text(block))
                default: block.color = pale
                }
                scene.elements[index] = .text(block)
            case .face(var face):
                face.ink = pale
                scene.elements[index] = .face(face)
            case .panel(var panel):
                panel.fill = pale
                scene.elements[index] = .panel(panel)
            case .pictogram: break
            }
        }
    }
}
