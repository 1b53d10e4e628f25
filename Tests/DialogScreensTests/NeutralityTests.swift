import Dialog
import Drawing
import Testing

@testable import DialogScreens

/// Nothing on the screen says which answer is the good one, and nobody who glances at it learns which was given.
@Suite struct NeutralityTests {
    @Test("All answers have keys and faces of one size and colour", arguments: Fixture.screens)
    func sameSizeAndColour(screen: NamedGeometry) throws {
        let scene = try Fixture.painter(screen.geometry).makeScene(Fixture.question(1))
        let keys = scene.targets.prefix(5).map { [$0.bounds.width, $0.bounds.height] }
        #expect(Set(keys).count == 1)
        let faces = scene.elements.compactMap { if case .face(let face) = $0 { face } else { nil } }
        #expect(faces.map(\.expression) == [-2, -1, 0, 1, 2])
        #expect(Set(faces.map { [$0.bounds.width, $0.bounds.height] }).count == 1)
        #expect(Set(faces.map { [$0.ink, $0.fill] }).count == 1)
    }

    @Test("A press looks the same on every answer", arguments: Fixture.screens)
    func samePress(screen: NamedGeometry) throws {
        var painter = try Fixture.painter(screen.geometry)
        var looks: Set<[SceneElement]> = []
        var sizes: Set<[Int]> = []
        for answer in 1...5 {
            _ = painter.update(Fixture.question(1))
            let before = try #require(painter.scene)
            let damage = painter.update(Fixture.question(1, pressed: .answer(answer)))
            #expect(damage.count == 1)
            sizes.insert(damage.flatMap { [$0.width, $0.height] })
            let scene = try #require(painter.scene)
            let origin = try #require(scene.targets.first { $0.id == .answer(answer) }).bounds
            looks.insert(scene.elements.filter { !before.elements.contains($0) }.compactMap { blank($0, origin) })
        }
        #expect(sizes.count == 1)
        #expect(looks.count == 1)
    }

    @Test func thanksAreTheSameWhateverWasAnswered() throws {
        var pictures: [Bitmap] = []
        for answer in [1, 5] {
            var painter = try Fixture.painter(Fixture.screens[3].geometry)
            _ = painter.update(Fixture.question(1, pressed: .answer(answer)))
            _ = painter.update(DialogView(screen: .thanks, language: "ru"))
            pictures.append(try painter.picture())
        }
        #expect(pictures[0].difference(from: pictures[1], tolerance: 0) == 0)
    }

    /// An element without its place, its expression and its words; texts differ in width, so only their look counts.
    private func blank(_ element: SceneElement, _ origin: PixelRect) -> SceneElement? {
        func moved(_ rect: PixelRect) -> PixelRect {
            PixelRect(x: rect.x - origin.x, y: rect.y - origin.y, width: rect.width, height: rect.height)
        }
        switch element {
        case .panel(var panel):
            panel.bounds = moved(panel.bounds)
            return .panel(panel)
        case .face(var face):
            face.bounds = moved(face.bounds)
            face.expression = 0
            return .face(face)
        case .text(var text):
            text.text = ""
            text.bounds = PixelRect(x: 0, y: 0, width: 0, height: 0)
            text.room = moved(text.room)
            return .text(text)
        case .pictogram: return element
        }
    }
}
