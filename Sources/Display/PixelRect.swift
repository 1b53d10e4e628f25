/// A width and a height in pixels.
public struct PixelSize: Equatable, Hashable, Sendable, CustomStringConvertible {
    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    public var description: String { "\(width)x\(height)" }
}

/// A rectangle of whole pixels; x to the right and y down from the upper left corner.
public struct PixelRect: Equatable, Hashable, Sendable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The whole of a screen.
    public init(_ size: PixelSize) {
        self.init(x: 0, y: 0, width: size.width, height: size.height)
    }

    public var isEmpty: Bool { width <= 0 || height <= 0 }

    /// What both cover, or nil.
    public func intersection(_ other: PixelRect) -> PixelRect? {
        guard !isEmpty, !other.isEmpty else { return nil }
        let left = max(x, other.x)
        let top = max(y, other.y)
        let common = PixelRect(
            x: left, y: top,
            width: min(x + width, other.x + other.width) - left,
            height: min(y + height, other.y + other.height) - top)
        return common.isEmpty ? nil : common
    }

    /// The smallest rectangle around both.
    public func union(_ other: PixelRect) -> PixelRect {
        if isEmpty { return other }
        if other.isEmpty { return self }
        let left = min(x, other.x)
        let top = min(y, other.y)
        return PixelRect(
            x: left, y: top,
            width: max(x + width, other.x + other.width) - left,
            height: max(y + height, other.y + other.height) - top)
    }

    var area: Int { isEmpty ? 0 : width * height }
}

/// The parts of a picture that changed, as at most `limit` rectangles inside the picture.
struct Damage: Equatable {
    /// A frame of the dialog touches a few buttons; more rectangles than this cost more than they save.
    static let limit = 16

    private(set) var rects: [PixelRect] = []
    let bounds: PixelRect

    init(_ size: PixelSize) {
        bounds = PixelRect(size)
    }

    var isEmpty: Bool { rects.isEmpty }

    /// Parts outside the picture are cut off. A rectangle that joins with another one into hardly more pixels than
    /// the two have is joined; when there are too many, the pair whose union wastes least is.
    mutating func add(_ rect: PixelRect) {
        guard var joined = rect.intersection(bounds) else { return }
        var index = 0
        while index < rects.count {
            let union = rects[index].union(joined)
            if union.area <= rects[index].area + joined.area {
                rects.remove(at: index)
                joined = union
                // The grown rectangle may now reach one that was passed.
                index = 0
            } else {
                index += 1
            }
        }
        rects.append(joined)
        if rects.count > Self.limit { joinCheapestPair() }
    }

    mutating func add(_ more: [PixelRect]) {
        for rect in more { add(rect) }
    }

    mutating func addAll() {
        rects = [bounds]
    }

    /// Empties the damage and returns what it was.
    mutating func take() -> [PixelRect] {
        defer { rects = [] }
        return rects
    }

    private mutating func joinCheapestPair() {
        var best = (first: 0, second: 1, waste: Int.max)
        for first in rects.indices {
            for second in rects.indices.dropFirst(first + 1) {
                let union = rects[first].union(rects[second])
                let waste = union.area - rects[first].area - rects[second].area
                if waste < best.waste { best = (first, second, waste) }
            }
        }
        let union = rects[best.first].union(rects[best.second])
        rects.remove(at: best.second)
        rects.remove(at: best.first)
        add(union)
    }
}
