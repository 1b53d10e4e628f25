import ArgumentParser
import Dialog
import DialogScreens
import Drawing
import FoundationEssentials

import struct Ratings.Questionnaire

/// Draws one screen into a PNG file, with the same pixels as the panel.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Draw a screen of the dialog into a PNG file.",
        discussion: """
            Screens: idle, question (the first), question-1 …, pressed, warning, thanks, not-recorded, closed, \
            not-enrolled, fault, pressed-answer-1 …, pressed-skip, pressed-finish, pressed-more-time.
            """)

    @Option(help: "The screen; see below.")
    var screen = "question"

    @Option(help: "A language code of the questionnaire; its first language when left out.")
    var language: String?

    @OptionGroup var panel: PanelOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Where the picture goes.", valueName: "file.png"))
    var output: String

    func run() throws {
        let questionnaire = try panel.loadQuestionnaire()
        let view = try view(of: questionnaire)
        let geometry = panel.geometry(panel.size ?? PanelSize(width: 1920, height: 1080))
        var painter = ScreenPainter(
            geometry: geometry, questionnaire: questionnaire, typesetter: try panel.openTypesetter())
        let damage = painter.update(view)
        let png: Data
        do {
            let bitmap = try Bitmap(width: geometry.width, height: geometry.height)
            try bitmap.draw { painter.paint(damage, on: $0) }
            png = try bitmap.png()
        } catch {
            throw failure("\(error)", status: 70)
        }
        do {
            try png.write(to: URL(filePath: output))
        } catch {
            throw failure("cannot write \(output): \(error); choose a folder that exists and is writable", status: 73)
        }
    }

    private func view(of questionnaire: Questionnaire) throws -> DialogView {
        let code = language ?? questionnaire.languages[0]
        guard questionnaire.languages.contains(code) else {
            throw ValidationError(
                "the questionnaire has no language “\(code)”; it has \(questionnaire.languages.joined(separator: ", "))"
            )
        }
        guard let view = ScreenCatalogue.view(named: screen, of: questionnaire, language: code) else {
            let names = ScreenCatalogue.entries(for: questionnaire, language: code).map(\.name)
            throw ValidationError("there is no screen “\(screen)”; choose one of \(names.joined(separator: ", "))")
        }
        return view
    }
}
