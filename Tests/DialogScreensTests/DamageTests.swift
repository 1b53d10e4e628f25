import Dialog
import Drawing
import Testing

@testable import DialogScreens

@Suite struct DamageTests {
    @Test("Repainting only the damage gives the same pixels as painting everything", arguments: Fixture.screens)
    func incremental(screen: NamedGeometry) throws {
        var painter = try Fixture.painter(screen.geometry)
        let kept = try Bitmap(width: screen.geometry.width, height: screen.geometry.height)
        let entries = ScreenCatalogue.entries(for: Fixture.questionnaire, language: "ru")
        // There and back, so that each screen also follows another than its usual predecessor.
        for entry in entries + entries.reversed() {
            let damage = painter.update(entry.view)
            try kept.draw { painter.paint(damage, on: $0) }
            // Cairo rounds the coverage of an edge pixel by what else is inside the clip: one step in 255 is allowed.
            #expect(try kept.difference(from: painter.picture(), tolerance: 1) == 0, "after \(entry.name)")
        }
    }

    @Test func theFirstViewDamagesEverythingAndTheSameViewNothing() throws {
        var painter = try Fixture.painter(Fixture.screens[3].geometry)
        #expect(painter.update(Fixture.question(1)) == [PixelRect(x: 0, y: 0, width: 800, height: 480)])
        #expect(painter.update(Fixture.question(1)) == [])
    }

    @Test func aPressDamagesOnlyItsKey() throws {
        var painter = try Fixture.painter(Fixture.screens[0].geometry)
        _ = painter.update(Fixture.question(1))
        let key = try #require(painter.scene?.targets.first { $0.id == .answer(4) }).bounds
        let damage = painter.update(Fixture.question(1, pressed: .answer(4)))
        let reach = PixelRect(
            x: key.x, y: key.y, width: key.width, height: key.height + painter.plan.measures.keyDepth)
        #expect(damage == [reach])
    }

    @Test func aTickOfTheWarningDamagesOnlyItsText() throws {
        var painter = try Fixture.painter(Fixture.screens[0].geometry)
        _ = painter.update(Fixture.question(2, warning: TimeWarning(secondsLeft: 12)))
        let damage = painter.update(Fixture.question(2, warning: TimeWarning(secondsLeft: 11)))
        #expect(damage.count == 1)
        #expect(damage.allSatisfy { $0.height < 120 && $0.width < 1000 })
    }

    @Test func damageRectanglesShareNoPixelAndAreFew() throws {
        var painter = try Fixture.painter(Fixture.screens[0].geometry)
        for entry in ScreenCatalogue.entries(for: Fixture.questionnaire, language: "en") {
            let damage = painter.update(entry.view)
            #expect(damage.count <= 8)
            for (index, first) in damage.enumerated() {
                for second in damage[(index + 1)...] { #expect(!first.intersects(second)) }
            }
        }
    }

    @Test func nothingIsPaintedBeforeTheFirstView() throws {
        let painter = try Fixture.painter(Fixture.screens[3].geometry)
        #expect(try painter.picture().difference(from: Bitmap(width: 800, height: 480), tolerance: 0) == 0)
        #expect(painter.description == nil)
        #expect(painter.target(x: 1, y: 1) == nil)
    }
}
