import CPangoCairo
import FoundationEssentials
import Glibc

/// A picture in our own memory: for headless drawing, for PNG files and for comparing pictures.
public final class Bitmap {
    public let width: Int
    public let height: Int
    private let pixels: UnsafeMutableRawBufferPointer

    /// Black.
    /// - Throws: `badPixels` for a size that Cairo cannot address.
    public init(width: Int, height: Int) throws(DrawingError) {
        guard (1...32767).contains(width), (1...32767).contains(height) else {
            throw .badPixels(width: width, height: height, stride: 4 * width)
        }
        self.width = width
        self.height = height
        pixels = .allocate(byteCount: 4 * width * height, alignment: 16)
        pixels.initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// A copy of pixels that somebody else owns: 4 bytes each, blue first, `stride` bytes from one row to the next.
    /// - Throws: `badPixels` for a size that Cairo cannot address.
    public convenience init(
        copying source: UnsafeRawPointer, width: Int, height: Int, stride: Int
    ) throws(DrawingError) {
        try self.init(width: width, height: height)
        guard stride >= self.stride else { throw .badPixels(width: width, height: height, stride: stride) }
        for row in 0..<height {
            UnsafeMutableRawBufferPointer(rebasing: pixels[(row * self.stride)..<((row + 1) * self.stride)])
                .copyMemory(from: UnsafeRawBufferPointer(start: source + row * stride, count: self.stride))
        }
    }

    deinit { pixels.deallocate() }

    /// Bytes from one row to the next.
    public var stride: Int { 4 * width }

    /// Reads a PNG; transparency is dropped.
    /// - Throws: `notPNG` for other bytes; `cairo` for a PNG that is cut short or damaged.
    public convenience init(png: Data) throws(DrawingError) {
        // Cairo calls every refusal of libpng CAIRO_STATUS_NO_MEMORY, which would send a reader astray.
        guard png.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { throw .notPNG }
        var reader = PNGReader(bytes: Array(png))
        let surface = withUnsafeMutablePointer(to: &reader) { pointer in
            cairo_image_surface_create_from_png_stream(PNGReader.read, pointer)
        }
        defer { cairo_surface_destroy(surface) }
        let status = cairo_surface_status(surface)
        guard status == CAIRO_STATUS_SUCCESS, let source = cairo_image_surface_get_data(surface) else {
            throw .cairo(doing: "reading a PNG", status: CairoStatus.name(status))
        }
        try self.init(
            width: Int(cairo_image_surface_get_width(surface)), height: Int(cairo_image_surface_get_height(surface)))
        let sourceStride = Int(cairo_image_surface_get_stride(surface))
        for row in 0..<height {
            UnsafeMutableRawBufferPointer(rebasing: pixels[(row * stride)..<((row + 1) * stride)])
                .copyMemory(from: UnsafeRawBufferPointer(start: source + row * sourceStride, count: stride))
        }
    }

    /// Draws into the picture.
    public func draw<Failure: Error>(_ body: (borrowing Canvas) throws(Failure) -> Void) throws {
        guard let base = pixels.baseAddress else { return }
        let canvas = try Canvas(pixels: base, width: width, height: height, stride: stride)
        try body(canvas)
    }

    /// The bytes of a PNG file.
    public func png() throws(DrawingError) -> Data {
        try PNG.encode(pixels: UnsafeRawBufferPointer(pixels), width: width, height: height, stride: stride)
    }

    /// The bytes of the picture, row by row, 4 a pixel, blue first; valid inside `body` only.
    public func withPixels<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(pixels))
    }

    /// The colour at a point; nothing outside the picture.
    public func color(x: Int, y: Int) -> Color? {
        guard x >= 0, y >= 0, x < width, y < height else { return nil }
        let offset = y * stride + 4 * x
        return Color(red: pixels[offset + 2], green: pixels[offset + 1], blue: pixels[offset])
    }

    /// Whether no channel of any pixel differs by more than `tolerance`; false for pictures of two sizes. Ends at the first that
    /// does, and passes over rows that are the same.
    public func isSame(as other: Bitmap, tolerance: Int) -> Bool {
        guard width == other.width, height == other.height else { return false }
        return (0..<height).allSatisfy { row in
            let range = (row * stride)..<((row + 1) * stride)
            let mine = UnsafeRawBufferPointer(rebasing: pixels[range])
            let others = UnsafeRawBufferPointer(rebasing: other.pixels[range])
            if let mine = mine.baseAddress, let others = others.baseAddress, memcmp(mine, others, stride) == 0 {
                return true
            }
            return mine.indices.allSatisfy { $0 % 4 == 3 || abs(Int(mine[$0]) - Int(others[$0])) <= tolerance }
        }
    }

    /// The share of pixels (0 … 1) of which a channel differs by more than `tolerance`; 1 for pictures of two sizes.
    public func difference(from other: Bitmap, tolerance: Int) -> Double {
        guard width == other.width, height == other.height else { return 1 }
        if let mine = pixels.baseAddress, let others = other.pixels.baseAddress,
            memcmp(mine, others, pixels.count) == 0
        {
            return 0
        }
        var count = 0
        for offset in Swift.stride(from: 0, to: pixels.count, by: 4) {
            for channel in 0..<3
            where abs(Int(pixels[offset + channel]) - Int(other.pixels[offset + channel])) > tolerance {
                count += 1
                break
            }
        }
        return Double(count) / Double(width * height)
    }
}

/// PNG of pixels in anybody's memory.
public enum PNG {
    /// The bytes of a PNG file of `XRGB8888` pixels.
    /// - Throws: `badPixels` when the memory is smaller than the size says, `cairo` otherwise.
    public static func encode(
        pixels: UnsafeRawBufferPointer, width: Int, height: Int, stride: Int
    ) throws(DrawingError) -> Data {
        guard (1...32767).contains(width), (1...32767).contains(height), stride >= 4 * width, stride % 4 == 0,
            pixels.count >= stride * (height - 1) + 4 * width, let base = pixels.baseAddress
        else { throw .badPixels(width: width, height: height, stride: stride) }
        // Cairo's call wants mutable bytes for every surface; writing a PNG only reads them.
        let bytes = UnsafeMutableRawPointer(mutating: base).assumingMemoryBound(to: UInt8.self)
        let surface = cairo_image_surface_create_for_data(
            bytes, CAIRO_FORMAT_RGB24, Int32(width), Int32(height), Int32(stride))
        defer { cairo_surface_destroy(surface) }
        var data = Data()
        let status = withUnsafeMutablePointer(to: &data) { pointer in
            cairo_surface_write_to_png_stream(surface, appendToData, pointer)
        }
        guard status == CAIRO_STATUS_SUCCESS else {
            throw .cairo(doing: "writing a PNG", status: CairoStatus.name(status))
        }
        return data
    }
}

private func appendToData(
    _ closure: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: UInt32
) -> cairo_status_t {
    guard let closure, let bytes else { return CAIRO_STATUS_WRITE_ERROR }
    closure.assumingMemoryBound(to: Data.self).pointee.append(bytes, count: Int(count))
    return CAIRO_STATUS_SUCCESS
}

/// Hands the bytes of a PNG to Cairo piece by piece.
private struct PNGReader {
    var bytes: [UInt8]
    var offset = 0

    static let read: cairo_read_func_t = { closure, target, count in
        guard let closure, let target else { return CAIRO_STATUS_READ_ERROR }
        let reader = closure.assumingMemoryBound(to: PNGReader.self)
        let length = Int(count)
        guard reader.pointee.bytes.count - reader.pointee.offset >= length else { return CAIRO_STATUS_READ_ERROR }
        for index in 0..<length { target[index] = reader.pointee.bytes[reader.pointee.offset + index] }
        reader.pointee.offset += length
        return CAIRO_STATUS_SUCCESS
    }
}
