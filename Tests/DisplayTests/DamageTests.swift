import SeededRandom
import Testing

@testable import Display

@Suite struct PixelRectTests {
    private static let base = PixelRect(x: 10, y: 20, width: 30, height: 40)

    @Test(arguments: [
        (PixelRect(x: 0, y: 0, width: 100, height: 100), base),
        (PixelRect(x: 35, y: 55, width: 30, height: 40), PixelRect(x: 35, y: 55, width: 5, height: 5)),
        (PixelRect(x: 0, y: 0, width: 11, height: 21), PixelRect(x: 10, y: 20, width: 1, height: 1)),
        (PixelRect(x: 40, y: 20, width: 5, height: 5), nil),
        (PixelRect(x: 0, y: 0, width: 10, height: 100), nil),
        (PixelRect(x: 15, y: 25, width: 0, height: 5), nil),
        (PixelRect(x: 15, y: 25, width: 5, height: -5), nil),
    ])
    func intersectionIsWhatBothCover(other: PixelRect, expected: PixelRect?) {
        #expect(Self.base.intersection(other) == expected)
        #expect(other.intersection(Self.base) == expected)
    }

    @Test(arguments: [
        (PixelRect(x: 0, y: 0, width: 1, height: 1), PixelRect(x: 0, y: 0, width: 40, height: 60)),
        (PixelRect(x: 12, y: 22, width: 1, height: 1), base),
        (PixelRect(x: 90, y: 30, width: 10, height: 10), PixelRect(x: 10, y: 20, width: 90, height: 40)),
        (PixelRect(x: 90, y: 90, width: 0, height: 10), base),
    ])
    func unionIsTheSmallestRectangleAroundBoth(other: PixelRect, expected: PixelRect) {
        #expect(Self.base.union(other) == expected)
        #expect(other.union(Self.base) == expected)
    }
}

@Suite struct DamageTests {
    private static let screen = PixelSize(width: 1000, height: 800)

    @Test func damageOutsideThePictureIsCutOff() {
        var damage = Damage(Self.screen)
        damage.add([
            PixelRect(x: 990, y: -5, width: 50, height: 10), PixelRect(x: 1000, y: 0, width: 5, height: 5),
            PixelRect(x: 5, y: 5, width: 0, height: 5),
        ])
        #expect(damage.rects == [PixelRect(x: 990, y: 0, width: 10, height: 5)])
    }

    @Test func neighboursJoinAndDistantPartsDoNot() {
        var damage = Damage(Self.screen)
        damage.add([
            PixelRect(x: 0, y: 0, width: 10, height: 10), PixelRect(x: 10, y: 0, width: 10, height: 10),
            PixelRect(x: 500, y: 500, width: 10, height: 10), PixelRect(x: 502, y: 502, width: 3, height: 3),
        ])
        #expect(
            damage.rects == [
                PixelRect(x: 0, y: 0, width: 20, height: 10), PixelRect(x: 500, y: 500, width: 10, height: 10),
            ])
    }

    @Test func aJoinedRectangleJoinsWithOnesThatItNowReaches() {
        var damage = Damage(Self.screen)
        damage.add([
            PixelRect(x: 0, y: 0, width: 10, height: 10), PixelRect(x: 20, y: 0, width: 10, height: 10),
            PixelRect(x: 10, y: 0, width: 10, height: 10),
        ])
        #expect(damage.rects == [PixelRect(x: 0, y: 0, width: 30, height: 10)])
    }

    @Test func takingEmptiesIt() {
        var damage = Damage(Self.screen)
        damage.addAll()
        #expect(damage.take() == [PixelRect(Self.screen)])
        #expect(damage.isEmpty)
    }

    /// Whatever is added stays covered, nothing lies outside, and the number of rectangles has its limit.
    @Test(arguments: UInt64(1)...20)
    func everyAddedPixelStaysCovered(seed: UInt64) {
        var random = SplitMix(seed)
        var damage = Damage(Self.screen)
        for _ in 0..<200 {
            let rect = PixelRect(
                x: Int.random(in: -20..<1010, using: &random), y: Int.random(in: -20..<810, using: &random),
                width: Int.random(in: 0..<60, using: &random), height: Int.random(in: 0..<60, using: &random))
            damage.add(rect)
            #expect(damage.rects.count <= Damage.limit)
            #expect(damage.rects.allSatisfy { $0.intersection(PixelRect(Self.screen)) == $0 })
            guard let inside = rect.intersection(PixelRect(Self.screen)) else { continue }
            #expect(damage.rects.contains { $0.intersection(inside) == inside })
        }
    }
}
