import Drawing

extension Scene {
    /// Where this scene differs from an earlier one: rectangles that share no pixel, at most `limit`, none for equals.
    public func damage(since earlier: Scene, limit: Int = 8) -> [PixelRect] {
        let whole = PixelRect(x: 0, y: 0, width: width, height: height)
        guard earlier.width == width, earlier.height == height else { return [whole] }
        var rects: [PixelRect] = []
        let before = Set(earlier.elements)
        let now = Set(elements)
        for element in earlier.elements where !now.contains(element) { Self.add(element.bounds, to: &rects) }
        for element in elements where !before.contains(element) { Self.add(element.bounds, to: &rects) }
        rects = rects.map { $0.intersection(whole) }.filter { !$0.isEmpty }
        guard rects.count > limit else { return rects }
        return [rects.reduce(rects[0]) { $0.union($1) }]
    }

    /// Adds a rectangle; those that it touches are joined with it until no two share a pixel.
    private static func add(_ rect: PixelRect, to rects: inout [PixelRect]) {
        var joined = rect
        while let index = rects.firstIndex(where: { $0.intersects(joined) }) {
            joined = joined.union(rects.remove(at: index))
        }
        rects.append(joined)
    }
}
