/// Where a framebuffer keeps red, green and blue in a pixel of 16 or 32 bits.
struct PixelLayout: Equatable {
    struct Channel: Equatable {
        /// The lowest bit.
        var offset: Int
        /// In bits, 1…8.
        var length: Int
    }

    var bitsPerPixel: Int
    var red: Channel
    var green: Channel
    var blue: Channel

    static let xrgb8888 = PixelLayout(
        bitsPerPixel: 32, red: Channel(offset: 16, length: 8), green: Channel(offset: 8, length: 8),
        blue: Channel(offset: 0, length: 8))
    static let rgb565 = PixelLayout(
        bitsPerPixel: 16, red: Channel(offset: 11, length: 5), green: Channel(offset: 5, length: 6),
        blue: Channel(offset: 0, length: 5))

    /// Whether `copy` can write this layout: 16 or 32 bits, channels of at most 8 bits inside the pixel.
    var isSupported: Bool {
        (bitsPerPixel == 16 || bitsPerPixel == 32)
            && [red, green, blue].allSatisfy {
                1...8 ~= $0.length && $0.offset >= 0 && $0.offset + $0.length <= bitsPerPixel
            }
    }

    var bytesPerPixel: Int { bitsPerPixel / 8 }

    /// An XRGB8888 pixel in this layout: the upper bits of each channel, padding bits 0.
    func encode(_ pixel: UInt32) -> UInt32 {
        func place(_ value: UInt32, _ channel: Channel) -> UInt32 {
            ((value & 0xff) >> UInt32(8 - channel.length)) << UInt32(channel.offset)
        }
        return place(pixel >> 16, red) | place(pixel >> 8, green) | place(pixel, blue)
    }

    /// Copies `rect` of an XRGB8888 picture to the same place of a picture in this layout. Strides are in bytes; both
    /// pictures must contain `rect`.
    func copy(
        _ rect: PixelRect, from source: UnsafeRawPointer, sourceStride: Int, to target: UnsafeMutableRawPointer,
        targetStride: Int
    ) {
        for y in rect.y..<rect.y + rect.height {
            let from = source + y * sourceStride + rect.x * 4
            let to = target + y * targetStride + rect.x * bytesPerPixel
            if self == .xrgb8888 {
                to.copyMemory(from: from, byteCount: rect.width * 4)
            } else if bitsPerPixel == 32 {
                for x in 0..<rect.width {
                    let pixel = from.loadUnaligned(fromByteOffset: x * 4, as: UInt32.self)
                    to.storeBytes(of: encode(pixel), toByteOffset: x * 4, as: UInt32.self)
                }
            } else {
                for x in 0..<rect.width {
                    let pixel = from.loadUnaligned(fromByteOffset: x * 4, as: UInt32.self)
                    to.storeBytes(of: UInt16(truncatingIfNeeded: encode(pixel)), toByteOffset: x * 2, as: UInt16.self)
                }
            }
        }
    }
}
