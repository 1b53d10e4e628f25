import Drawing
import Testing

private let red = Color(hex: 0xFF0000)
private let blue = Color(hex: 0x0000FF)

@Suite struct CanvasTests {
    @Test func pixelsAreBlueFirstAndThePaddingOfARowIsLeftAlone() throws {
        var memory = [UInt8](repeating: 0xAA, count: 2 * 16)
        try memory.withUnsafeMutableBytes { bytes in
            let base = try #require(bytes.baseAddress)
            let canvas = try Canvas(pixels: base, width: 2, height: 2, stride: 16)
            canvas.fill(PixelRect(x: 0, y: 0, width: 2, height: 2), color: Color(red: 1, green: 2, blue: 3))
        }
        #expect(Array(memory[0..<3]) == [3, 2, 1])
        #expect(Array(memory[8..<16]) == Array(repeating: 0xAA, count: 8))
        #expect(Array(memory[16..<19]) == [3, 2, 1])
    }

    @Test(
        "Sizes that Cairo cannot address are refused",
        arguments: [
            (0, 10, 40), (10, 0, 40), (10, 10, 39), (10, 10, 42), (40_000, 1, 160_000), (-1, 1, 4),
        ])
    func badSizes(width: Int, height: Int, stride: Int) throws {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 4)
        defer { memory.deallocate() }
        #expect(throws: DrawingError.badPixels(width: width, height: height, stride: stride)) {
            _ = try Canvas(pixels: memory, width: width, height: height, stride: stride)
        }
    }

    @Test func nothingIsDrawnOutsideTheClip() throws {
        let bitmap = try Bitmap(width: 20, height: 20)
        try bitmap.draw { canvas in
            canvas.fill(canvas.bounds, color: blue)
            canvas.withClip(PixelRect(x: 5, y: 5, width: 5, height: 5)) { $0.fill($0.bounds, color: red) }
            canvas.fill(PixelRect(x: 19, y: 19, width: 50, height: 50), color: red)
        }
        #expect(bitmap.color(x: 4, y: 5) == blue)
        #expect(bitmap.color(x: 5, y: 5) == red)
        #expect(bitmap.color(x: 9, y: 9) == red)
        #expect(bitmap.color(x: 10, y: 9) == blue)
        #expect(bitmap.color(x: 19, y: 19) == red)
        #expect(bitmap.color(x: 20, y: 19) == nil)
    }

    @Test func roundedCornersAreCutAndTheMiddleIsFull() throws {
        let bitmap = try Bitmap(width: 40, height: 40)
        try bitmap.draw { canvas in
            canvas.fill(canvas.bounds, color: blue)
            canvas.fill(canvas.bounds, radius: 12, color: red)
        }
        #expect(bitmap.color(x: 0, y: 0) == blue)
        #expect(bitmap.color(x: 39, y: 39) == blue)
        #expect(bitmap.color(x: 20, y: 0) == red)
        #expect(bitmap.color(x: 20, y: 20) == red)
    }

    @Test func anOutlineLiesInsideItsRectangle() throws {
        let bitmap = try Bitmap(width: 40, height: 40)
        try bitmap.draw { canvas in
            canvas.stroke(PixelRect(x: 10, y: 10, width: 20, height: 20), radius: 0, lineWidth: 2, color: red)
        }
        #expect(bitmap.color(x: 9, y: 20) == Color(hex: 0))
        #expect(bitmap.color(x: 10, y: 20) == red)
        #expect(bitmap.color(x: 11, y: 20) == red)
        #expect(bitmap.color(x: 12, y: 20) == Color(hex: 0))
    }
}
