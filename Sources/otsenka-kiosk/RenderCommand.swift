import ArgumentParser
import Dialog
import DialogScreens
import Drawing
import FoundationEssentials
import Glibc

import struct Ratings.Questionnaire

/// Draws one screen into a PNG file, with the same pixels as the panel.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Draw a screen of the dialog into a PNG file.",
        discussion: """
            Screens: idle, question (the first), question-1 …, pressed, warning, thanks, not-recorded, closed, \
            not-enrolled, fault, fault-D1, maintenance-open, maintenance-stick, maintenance-working, maintenance-done …, \
            pressed-answer-1 …, pressed-skip, pressed-finish, pressed-more-time.
            """)

    @Option(help: "The screen; the list is above.")
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
            try write(png)
        } catch {
            throw failure("cannot write \(output): \(error); choose a folder that exists and is writable", status: 73)
        }
    }

    /// The picture appears whole or not at all.
    private func write(_ png: Data) throws(Errno) {
        let scratch = output + ".part"
        guard let file = fopen(scratch, "w") else { throw Errno(number: errno) }
        let written = png.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        let failed = written == png.count ? 0 : errno
        let closed = fclose(file) == 0 ? 0 : errno
        guard failed == 0, closed == 0, rename(scratch, output) == 0 else {
            let number = failed != 0 ? failed : closed != 0 ? closed : errno
            unlink(scratch)
            throw Errno(number: number)
        }
    }

    /// The C library's words for what went wrong.
    private struct Errno: Error, CustomStringConvertible {
        var number: Int32
        var description: String { String(cString: strerror(number)) }
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
