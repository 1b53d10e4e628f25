import Dialog
import Drawing
import FoundationEssentials
import Testing

@testable import DialogScreens

/// The screens as a person can open them, in `Golden/`. After a wanted change write them anew with
/// `OTSENKA_RECORD_GOLDEN=1 swift test --filter GoldenTests`, and look at them before they are committed.
@Suite struct GoldenTests {
    /// A channel may differ by this much …
    static let tolerance = 24
    /// … and more in this share of the pixels: room for a rounding of Cairo or FreeType, not for a moved letter.
    static let share = 0.002

    static let pictures = [
        "idle-ru", "idle-en", "question-1-ru", "question-1-en", "question-6-ru", "pressed-ru", "warning-ru",
        "thanks-ru", "not-recorded-ru", "not-enrolled-en", "enrolment-13-ru", "fault-ru",
    ]

    @Test("The screen looks as its picture does", arguments: pictures)
    func golden(name: String) throws {
        let language = String(name.suffix(2))
        let view = try #require(
            ScreenCatalogue.view(named: String(name.dropLast(3)), of: Fixture.questionnaire, language: language))
        var painter = try Fixture.painter(ScreenGeometry(width: 1280, height: 800, diagonalInches: 10.1))
        _ = painter.update(view)
        let actual = try painter.picture()
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).png")
        if ProcessInfo.processInfo.environment["OTSENKA_RECORD_GOLDEN"] == "1" {
            try actual.png().write(to: file)
            return
        }
        let expected = try Bitmap(png: Data(contentsOf: file))
        let difference = actual.difference(from: expected, tolerance: Self.tolerance)
        guard difference > Self.share else { return }
        let scratch = FileManager.default.temporaryDirectory.appending(path: "otsenka-golden-\(name)-actual.png")
        try actual.png().write(to: scratch)
        Issue.record("\(difference * 100) % of the pixels differ from \(file.path()); drawn now: \(scratch.path())")
    }

    @Test func aMovedLetterIsNoticed() throws {
        var painter = try Fixture.painter(ScreenGeometry(width: 1280, height: 800, diagonalInches: 10.1))
        _ = painter.update(Fixture.question(1))
        let first = try painter.picture()
        _ = painter.update(Fixture.question(1, language: "en"))
        #expect(try first.difference(from: painter.picture(), tolerance: Self.tolerance) > Self.share)
    }
}
