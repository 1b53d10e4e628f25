/// The two pictures of a card, and what each of them lacks of the canvas.
struct FrameBuffers {
    private var buffers: [DumbBuffer]
    /// What of the canvas is not in `buffers[i]` yet.
    private var missing: [Damage]
    /// The index of the buffer on the screen.
    private var front = 0
    private(set) var isFlipping = false
    /// Whether anything was presented since the last frame was handed over.
    private(set) var hasUnsent = false
    private let size: PixelSize

    init(_ card: DRMCard, _ size: PixelSize) throws(DisplayError) {
        self.size = size
        buffers = [try DumbBuffer(card, size), try DumbBuffer(card, size)]
        missing = [Damage(size), Damage(size)]
    }

    var shown: DumbBuffer { buffers[front] }
    /// False once `giveUpFlips` was called.
    var flips: Bool { buffers.count == 2 }
    private var back: Int { 1 - front }

    /// False if nothing of the damage is inside the picture.
    mutating func add(_ damage: [PixelRect]) -> Bool {
        var inside = Damage(size)
        inside.add(damage)
        guard !inside.isEmpty else { return false }
        for index in missing.indices { missing[index].add(inside.rects) }
        hasUnsent = true
        return true
    }

    /// Brings the hidden buffer up to the canvas.
    mutating func prepare(from canvas: Canvas) -> DumbBuffer {
        fill(back, from: canvas)
        return buffers[back]
    }

    mutating func flipStarted() {
        isFlipping = true
        hasUnsent = false
    }

    mutating func flipFinished() {
        isFlipping = false
        front = back
    }

    /// From now on there is one buffer, which is always on the screen.
    mutating func giveUpFlips(_ canvas: Canvas) {
        buffers = [buffers[front]]
        missing = [missing[front]]
        front = 0
        isFlipping = false
    }

    /// Brings the shown buffer up to the canvas and returns what changed in it.
    mutating func drawDirectly(from canvas: Canvas) -> [PixelRect] {
        hasUnsent = false
        return fill(front, from: canvas)
    }

    /// Forgets flips in flight and brings one buffer up to the canvas as a whole; the caller shows it.
    mutating func restart(from canvas: Canvas) -> DumbBuffer {
        isFlipping = false
        hasUnsent = false
        for index in missing.indices { missing[index].addAll() }
        fill(front, from: canvas)
        return buffers[front]
    }

    @discardableResult
    private mutating func fill(_ index: Int, from canvas: Canvas) -> [PixelRect] {
        let rects = missing[index].take()
        let buffer = buffers[index]
        for rect in rects {
            PixelLayout.xrgb8888.copy(
                rect, from: canvas.pixels, sourceStride: canvas.stride, to: buffer.memory.start,
                targetStride: buffer.stride)
        }
        return rects
    }
}
