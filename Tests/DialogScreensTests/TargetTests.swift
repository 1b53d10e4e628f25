import Dialog
import Drawing
import FoundationEssentials
import Testing

@testable import DialogScreens

@Suite struct TargetTests {
    @Test func aQuestionOffersTheContractsTargets() throws {
        var painter = try Fixture.painter(Fixture.screens[0].geometry)
        _ = painter.update(Fixture.question(1))
        #expect(
            painter.description?.targets.map(\.id) == [
                "answer-1", "answer-2", "answer-3", "answer-4", "answer-5", "language-ru", "language-en",
            ])
        #expect(painter.description?.targets.first { $0.id == "answer-5" }?.label == "Отлично")
        _ = painter.update(Fixture.question(2))
        #expect(painter.description?.targets.map(\.id).suffix(2) == ["skip", "finish"])
        #expect(painter.description?.targets.first { $0.id == "skip" }?.label == "Пропустить")
    }

    @Test func theIdleScreenIsOneTargetApartFromItsLanguages() throws {
        var painter = try Fixture.painter(Fixture.screens[0].geometry)
        _ = painter.update(DialogView(screen: .idle, language: "ru"))
        #expect(painter.target(x: 0, y: 0) == .start)
        #expect(painter.target(x: 1919, y: 1079) == .start)
        #expect(painter.target(x: 960, y: 540) == .start)
        let english = try #require(painter.description?.targets.first { $0.id == "language-en" })
        #expect(painter.target(x: english.x + 5, y: english.y + 5) == .language("en"))
        #expect(painter.target(x: 1920, y: 0) == nil)
    }

    @Test func theWarningLeavesTheAnswersAndReplacesTheOtherKeys() throws {
        var painter = try Fixture.painter(Fixture.screens[0].geometry)
        _ = painter.update(Fixture.question(2, warning: TimeWarning(secondsLeft: 9)))
        #expect(
            painter.description?.targets.map(\.id) == [
                "answer-1", "answer-2", "answer-3", "answer-4", "answer-5", "more-time",
            ])
    }

    @Test(
        "Screens that only say something have nothing to press",
        arguments: [
            DialogScreen.thanks, .notRecorded, .closed(.closed), .closed(.notEnrolled), .closed(.fault(code: 3)),
        ])
    func quiet(screen: DialogScreen) throws {
        var painter = try Fixture.painter(Fixture.screens[0].geometry)
        _ = painter.update(DialogView(screen: screen, language: "ru"))
        #expect(painter.description?.targets == [])
        #expect(painter.target(x: 960, y: 540) == nil)
    }

    @Test("The middle of every target is that target", arguments: Fixture.screens)
    func middles(screen: NamedGeometry) throws {
        let painter = try Fixture.painter(screen.geometry)
        for entry in ScreenCatalogue.entries(for: Fixture.questionnaire, language: "ru") {
            let scene = painter.makeScene(entry.view)
            for target in scene.targets {
                #expect(scene.target(x: Int(target.bounds.centerX), y: Int(target.bounds.centerY)) == target.id)
            }
        }
    }

    @Test(
        "Keys stand in the same place on every question, in every language, pressed or not", arguments: Fixture.screens)
    func constantPlaces(screen: NamedGeometry) throws {
        let painter = try Fixture.painter(screen.geometry)
        var places: [TargetID: PixelRect] = [:]
        for language in ["ru", "en"] {
            for entry in ScreenCatalogue.entries(for: Fixture.questionnaire, language: language) {
                for target in painter.makeScene(entry.view).targets where target.id != .start {
                    let known = places.updateValue(target.bounds, forKey: target.id)
                    #expect(known == nil || known == target.bounds, "\(target.id.name) moved on \(entry.name)")
                }
            }
        }
        #expect(places.count == 10)
    }

    @Test func oneLanguageNeedsNoLanguageKeys() throws {
        let questionnaire = Fixture.questionnaire(middle: "Средне", languages: ["ru"])
        let painter = try Fixture.painter(Fixture.screens[0].geometry, questionnaire: questionnaire)
        #expect(painter.makeScene(DialogView(screen: .idle, language: "ru")).targets.map(\.id) == [.start])
        #expect(painter.lint(questionnaire).isEmpty)
    }

    @Test func theDescriptionHasExactlyTheContractsKeys() throws {
        var painter = try Fixture.painter(Fixture.screens[1].geometry)
        _ = painter.update(Fixture.question(1, language: "en"))
        let description = try #require(painter.description)
        #expect(description.screen == "question" && description.language == "en")
        #expect(description.width == 1280 && description.height == 800)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var short = description
        short.targets = [short.targets[4]]
        let target = short.targets[0]
        #expect(
            String(decoding: try encoder.encode(short), as: UTF8.self)
                == #"{"height":800,"language":"en","screen":"question","targets":[{"height":\#(target.height),"#
                + #""id":"answer-5","label":"Excellent","width":\#(target.width),"x":\#(target.x),"y":\#(target.y)}],"#
                + #""width":1280}"#)
    }
}
