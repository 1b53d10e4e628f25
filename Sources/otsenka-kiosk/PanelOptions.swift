import ArgumentParser
import DialogScreens
import Drawing
import Questionnaires

import struct Ratings.Questionnaire

/// Width and height in pixels, written `1920x1080`.
struct PanelSize: ExpressibleByArgument {
    let width: Int
    let height: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    init?(argument: String) {
        let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1], (64...16384).contains(width),
            (64...16384).contains(height)
        else { return nil }
        self.width = width
        self.height = height
    }
}

/// The panel and the questionnaire that `render` and `lint` work on.
struct PanelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The panel's pixels after rotation, 64 to 16384 a side.", valueName: "WxH"))
    var size: PanelSize?

    @Option(help: "The diagonal of the lit area in inches; the usual one of this resolution when left out.")
    var diagonalInches: Double?

    @Option(help: "From the eyes to the screen in millimetres; by default 500, 400 below 13 inches, 300 below 9.")
    var viewingDistance: Double?

    @Option(help: ArgumentHelp("A questionnaire file; the built-in questionnaire when left out.", valueName: "file"))
    var questionnaire: String?

    func validate() throws {
        if let diagonalInches, !(1...200).contains(diagonalInches) {
            throw ValidationError("a diagonal of \(diagonalInches) inches is no panel; give 1 to 200")
        }
        if let viewingDistance, !(100...5000).contains(viewingDistance) {
            throw ValidationError("nobody reads from \(viewingDistance) mm; give 100 to 5000")
        }
    }

    func geometry(_ size: PanelSize) -> ScreenGeometry {
        ScreenGeometry.resolve(
            width: size.width, height: size.height, diagonalInches: diagonalInches,
            viewingDistanceMillimetres: viewingDistance)
    }

    /// - Throws: exit status 65 after naming what is wrong with the file.
    func loadQuestionnaire() throws -> Questionnaire {
        guard let path = questionnaire else { return Questionnaires.embedded.questionnaire }
        do {
            return try Questionnaires.load(path: path).questionnaire
        } catch {
            throw failure("\(error)", status: 65)
        }
    }

    /// - Throws: exit status 69 where the fonts are missing.
    func openTypesetter() throws -> Typesetter {
        do {
            return try Typesetter()
        } catch {
            throw failure("\(error)", status: 69)
        }
    }
}

/// Says what failed and gives the exit status to end with.
func failure(_ message: String, status: Int32) -> ExitCode {
    var standardError = StandardError()
    print("otsenka-kiosk: \(message)", to: &standardError)
    return ExitCode(status)
}
