/// The picture that a display shows after the next `present`: XRGB8888 in native byte order (what Cairo calls
/// `CAIRO_FORMAT_RGB24`), in ordinary memory, so that blending does not read from a slow scan-out buffer.
///
/// Owned by its display: `pixels` must not outlive it, and not outlive a `.resized` of `refresh` either.
public final class Canvas {
    public let size: PixelSize
    /// Bytes from one line to the next; a multiple of 16, never less than 4 × width.
    public let stride: Int
    /// `stride` × height bytes, zero (black) at first.
    public let pixels: UnsafeMutableRawPointer

    /// The largest width or height of a screen that is drawn on.
    public static let largestSide = 8192

    init(_ size: PixelSize) {
        precondition(1...Self.largestSide ~= size.width && 1...Self.largestSide ~= size.height)
        self.size = size
        stride = (size.width * 4 + 15) / 16 * 16
        pixels = .allocate(byteCount: stride * size.height, alignment: 16)
        pixels.initializeMemory(as: UInt8.self, repeating: 0, count: stride * size.height)
    }

    deinit {
        pixels.deallocate()
    }
}
