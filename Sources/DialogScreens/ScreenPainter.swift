import Dialog
import Drawing
import Ratings

/// The screen of a kiosk: takes views of the dialog, says what changed, draws it, and knows what lies under a finger.
///
/// One thread at a time. Nothing here knows which display the pixels go to.
public struct ScreenPainter {
    public let geometry: ScreenGeometry
    /// What is on the screen; nothing before the first `update`.
    public private(set) var scene: Scene?
    let plan: ScreenPlan
    let theme: Theme
    let languages: [(code: String, name: String)]
    let typesetter: Typesetter
    private let renderer: SceneRenderer

    /// Loads the fonts and plans the screens.
    /// - Parameters:
    ///   - questionnaire: what will be asked: the letters are made as large as its longest words allow.
    ///   - typesetter: shared with whoever else draws text.
    public init(
        geometry: ScreenGeometry, theme: Theme = .standard, questionnaire: Questionnaire, typesetter: Typesetter
    ) {
        self.geometry = geometry
        self.theme = theme
        self.typesetter = typesetter
        plan = ScreenPlan(geometry: geometry, questionnaire: questionnaire, typesetter: typesetter)
        languages = questionnaire.languages.map { ($0, questionnaire.languageNames[$0] ?? $0) }
        renderer = SceneRenderer(typesetter: typesetter)
    }

    /// Puts a view on the screen.
    /// - Returns: the rectangles that must be painted anew, in pixels: everything the first time, nothing for the same
    ///   view again. A display with two buffers paints those of the last two updates.
    public mutating func update(_ view: DialogView) -> [PixelRect] {
        let next = makeScene(view)
        defer { scene = next }
        guard let scene else { return [PixelRect(x: 0, y: 0, width: geometry.width, height: geometry.height)] }
        return next.damage(since: scene)
    }

    /// Draws the current screen in the rectangles and leaves every other pixel as it is.
    public func paint(_ damage: [PixelRect], on canvas: borrowing Canvas) {
        guard let scene else { return }
        renderer.draw(scene, damage: damage, on: canvas)
    }

    /// The target under a pixel of the current screen.
    public func target(x: Int, y: Int) -> TargetID? { scene?.target(x: x, y: y) }

    /// The current screen in words; nothing before the first `update`.
    public var description: ScreenDescription? { scene.map(ScreenDescription.init) }

    /// The scene of any view, without putting it on the screen.
    public func makeScene(_ view: DialogView) -> Scene {
        var builder = SceneBuilder(
            view: view, plan: plan, theme: theme, languages: languages, typesetter: typesetter)
        return builder.build()
    }
}
