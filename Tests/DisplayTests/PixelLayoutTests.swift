import Testing

@testable import Display

@Suite struct PixelLayoutTests {
    /// As the kernel's vfb keeps 32 bits: red lowest.
    private static let xbgr8888 = PixelLayout(
        bitsPerPixel: 32, red: .init(offset: 0, length: 8), green: .init(offset: 8, length: 8),
        blue: .init(offset: 16, length: 8))
    private static let xrgb1555 = PixelLayout(
        bitsPerPixel: 16, red: .init(offset: 10, length: 5), green: .init(offset: 5, length: 5),
        blue: .init(offset: 0, length: 5))

    @Test(arguments: [
        (PixelLayout.rgb565, UInt32(0xFFFF_FFFF), UInt32(0xFFFF)),
        (.rgb565, 0x00FF_0000, 0xF800),
        (.rgb565, 0x0000_FF00, 0x07E0),
        (.rgb565, 0x0000_00FF, 0x001F),
        (.rgb565, 0x0007_0307, 0x0000),
        (.rgb565, 0x0008_0408, 0x0821),
        (.rgb565, 0x0012_3456, 0x11AA),
        (xrgb1555, 0x00FF_0000, 0x7C00),
        (xrgb1555, 0x0000_FF00, 0x03E0),
        (xbgr8888, 0xFF12_3456, 0x0056_3412),
        (.xrgb8888, 0xFF12_3456, 0x0012_3456),
    ])
    func aPixelKeepsTheUpperBitsOfEachChannel(layout: PixelLayout, pixel: UInt32, expected: UInt32) {
        #expect(layout.encode(pixel) == expected)
    }

    @Test(arguments: [
        (PixelLayout.rgb565, true), (.xrgb8888, true), (xbgr8888, true), (xrgb1555, true),
        (
            PixelLayout(
                bitsPerPixel: 8, red: .init(offset: 0, length: 8), green: .init(offset: 0, length: 8),
                blue: .init(offset: 0, length: 8)), false
        ),
        (
            PixelLayout(
                bitsPerPixel: 24, red: .init(offset: 16, length: 8), green: .init(offset: 8, length: 8),
                blue: .init(offset: 0, length: 8)), false
        ),
        (
            PixelLayout(
                bitsPerPixel: 32, red: .init(offset: 20, length: 10), green: .init(offset: 10, length: 10),
                blue: .init(offset: 0, length: 10)), false
        ),
        (
            PixelLayout(
                bitsPerPixel: 16, red: .init(offset: 11, length: 8), green: .init(offset: 5, length: 6),
                blue: .init(offset: 0, length: 5)), false
        ),
    ])
    func onlySixteenAndThirtyTwoBitsAreDrawn(layout: PixelLayout, isSupported: Bool) {
        #expect(layout.isSupported == isSupported)
    }

    @Test(arguments: [PixelLayout.xrgb8888, xbgr8888, .rgb565])
    func onlyTheRectangleIsCopiedAndStridesMayDiffer(layout: PixelLayout) {
        let canvas = Canvas(PixelSize(width: 5, height: 4))
        for y in 0..<4 {
            for x in 0..<5 {
                canvas.pixels.storeBytes(
                    of: UInt32(0x0010_0000 * y + 0x1000 * x + 0xF8), toByteOffset: y * canvas.stride + x * 4,
                    as: UInt32.self)
            }
        }
        let stride = 7 * layout.bytesPerPixel
        var target = [UInt8](repeating: 0xEE, count: stride * 4)
        let rect = PixelRect(x: 1, y: 2, width: 3, height: 2)
        target.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            layout.copy(rect, from: canvas.pixels, sourceStride: canvas.stride, to: start, targetStride: stride)
        }
        var expected = [UInt8](repeating: 0xEE, count: stride * 4)
        for y in 2..<4 {
            for x in 1..<4 {
                let pixel = layout.encode(UInt32(0x0010_0000 * y + 0x1000 * x + 0xF8))
                for byte in 0..<layout.bytesPerPixel {
                    let index = y * stride + x * layout.bytesPerPixel + byte
                    expected[index] = UInt8(truncatingIfNeeded: pixel >> UInt32(byte * 8))
                }
            }
        }
        #expect(target == expected)
    }
}

@Suite struct FramebufferShapeTests {
    private static let sound = FramebufferShape(
        size: PixelSize(width: 800, height: 480), layout: .rgb565, stride: 1600, firstByte: 0,
        byteCount: 1600 * 480, millimetres: nil, address: 0)

    private static func changed(_ change: (inout FramebufferShape) -> Void) -> FramebufferShape {
        var shape = sound
        change(&shape)
        return shape
    }

    @Test func aPictureInsideItsMemoryIsAccepted() throws {
        try Self.sound.check("screen /dev/fb0")
        try Self.changed { ($0.firstByte, $0.byteCount) = (1600, 1600 * 481) }.check("screen /dev/fb0")
    }

    @Test(arguments: [
        (changed { $0.firstByte = 2 }, "has too little memory (768000 bytes) for its picture of 800x480"),
        (changed { $0.stride = 1598 }, "has too little memory (768000 bytes) for its picture of 800x480"),
        (changed { $0.byteCount = 0 }, "has too little memory (0 bytes) for its picture of 800x480"),
        (changed { $0.size.width = 0 }, "says that it shows 0x480"),
        (changed { $0.size.height = 8193 }, "says that it shows 800x8193"),
        (changed { $0.layout.bitsPerPixel = 8 }, "keeps 8 bits per pixel in a way that is not supported"),
    ])
    func aDriverThatContradictsItselfIsRefused(shape: FramebufferShape, cause: String) {
        #expect(
            throws: DisplayError(
                .unsupported, "screen /dev/fb0", cause,
                nextStep: "set 32 or 16 bits per pixel on the kernel's command line (video=)")
        ) { try shape.check("screen /dev/fb0") }
    }
}
