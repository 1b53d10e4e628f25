import Drawing
import Testing

@Suite struct PixelRectTests {
    @Test(
        "Rectangles share pixels only where they overlap, not where they touch",
        arguments: [
            (PixelRect(x: 0, y: 0, width: 10, height: 10), PixelRect(x: 10, y: 0, width: 5, height: 5), false),
            (PixelRect(x: 0, y: 0, width: 10, height: 10), PixelRect(x: 9, y: 9, width: 5, height: 5), true),
            (PixelRect(x: 0, y: 0, width: 10, height: 10), PixelRect(x: 3, y: 3, width: 0, height: 4), false),
            (PixelRect(x: -5, y: -5, width: 6, height: 6), PixelRect(x: 0, y: 0, width: 1, height: 1), true),
        ])
    func intersects(first: PixelRect, second: PixelRect, expected: Bool) {
        #expect(first.intersects(second) == expected)
        #expect(second.intersects(first) == expected)
    }

    @Test func unionHoldsBothAndIgnoresTheEmptyOne() {
        let first = PixelRect(x: 2, y: 3, width: 4, height: 5)
        let second = PixelRect(x: 10, y: 0, width: 1, height: 1)
        #expect(first.union(second) == PixelRect(x: 2, y: 0, width: 9, height: 8))
        #expect(first.union(PixelRect(x: 90, y: 90, width: 0, height: 0)) == first)
        #expect(first.union(second).contains(first))
    }

    @Test func theRightAndBottomEdgesAreOutside() {
        let rect = PixelRect(x: 1, y: 1, width: 2, height: 2)
        #expect(rect.contains(x: 2, y: 2))
        #expect(!rect.contains(x: 3, y: 2))
        #expect(!rect.contains(x: 2, y: 3))
    }
}
