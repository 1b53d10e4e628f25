import Dialog
import DialogScreens
import Display
import Drawing
import FoundationEssentials
import Ratings

/// The screen that visitors see: draws views of the dialog on a display, and knows what lies under a finger.
///
/// One thread: the loop's.
final class Panel {
    let display: any DisplayDevice
    private let questionnaire: Questionnaire
    private let settings: KioskSettings.DisplayPart
    private let typesetter: Typesetter
    private var painter: ScreenPainter
    private var view: DialogView?
    /// Grows with every frame handed to the display.
    private(set) var frames = 0

    init(
        display: any DisplayDevice, questionnaire: Questionnaire, settings: KioskSettings.DisplayPart,
        typesetter: Typesetter
    ) {
        self.display = display
        self.questionnaire = questionnaire
        self.settings = settings
        self.typesetter = typesetter
        painter = Self.painter(display, questionnaire, settings, typesetter)
    }

    /// Puts a view on the screen: draws only what differs from the one before.
    /// Gives what became of the frame; nothing when the picture stays the same.
    @discardableResult
    func show(_ view: DialogView) throws -> Presented? {
        self.view = view
        let damage = painter.update(view)
        return damage.isEmpty ? nil : try draw(damage)
    }

    /// The display has another size, or the screen was plugged in again: everything is drawn anew.
    func redraw() throws {
        painter = Self.painter(display, questionnaire, settings, typesetter)
        if let view { try show(view) }
    }

    /// The target at a place, 0…1 from the left and the top of the picture.
    func target(x: Double, y: Double) -> TargetID? {
        let size = display.canvas.size
        return painter.target(
            x: min(Int(x * Double(size.width)), size.width - 1), y: min(Int(y * Double(size.height)), size.height - 1))
    }

    /// The JSON of `GET /screen.json`.
    func description() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(painter.description)
    }

    /// The picture as it is on a headless or web display; nothing for a real one.
    func picture() throws -> Bitmap? {
        guard let shown = (display as? HeadlessDisplay)?.shown else { return nil }
        return try Bitmap(
            copying: shown.pixels, width: shown.size.width, height: shown.size.height, stride: shown.stride)
    }

    private func draw(_ damage: [Drawing.PixelRect]) throws -> Presented {
        let target = display.canvas
        let canvas = try Drawing.Canvas(
            pixels: target.pixels, width: target.size.width, height: target.size.height, stride: target.stride)
        painter.paint(damage, on: canvas)
        // Cairo may hold drawing back until its canvas goes; the display reads the memory next.
        _ = consume canvas
        frames += 1
        return try display.present(
            damage.map { Display.PixelRect(x: $0.x, y: $0.y, width: $0.width, height: $0.height) })
    }

    private static func painter(
        _ display: any DisplayDevice, _ questionnaire: Questionnaire, _ settings: KioskSettings.DisplayPart,
        _ typesetter: Typesetter
    ) -> ScreenPainter {
        let size = display.canvas.size
        let geometry = ScreenGeometry.resolve(
            width: size.width, height: size.height,
            connectorMillimetres: display.millimetres.map { ($0.width, $0.height) },
            diagonalInches: settings.diagonalInches, viewingDistanceMillimetres: settings.viewingDistanceMillimetres)
        return ScreenPainter(geometry: geometry, questionnaire: questionnaire, typesetter: typesetter)
    }
}
