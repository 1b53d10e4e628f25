import Drawing
import FoundationEssentials
import Testing

@Suite struct PNGTests {
    @Test func aPictureSurvivesPNG() throws {
        let bitmap = try Bitmap(width: 33, height: 17)
        try bitmap.draw { canvas in
            canvas.fill(canvas.bounds, color: Color(hex: 0x123456))
            canvas.fillEllipse(centerX: 15, centerY: 8, radiusX: 9, radiusY: 5, color: Color(hex: 0xFEDCBA))
        }
        let read = try Bitmap(png: bitmap.png())
        #expect(read.width == 33 && read.height == 17)
        #expect(read.difference(from: bitmap, tolerance: 0) == 0)
    }

    @Test("Bytes that are no PNG are refused", arguments: [Data(), Data("not a picture".utf8)])
    func notPNG(data: Data) {
        #expect(throws: DrawingError.notPNG) { _ = try Bitmap(png: data) }
    }

    @Test func aPNGThatIsCutShortIsRefusedByCairosName() throws {
        let png = try Bitmap(width: 8, height: 8).png()
        #expect(throws: DrawingError.cairo(doing: "reading a PNG", status: "CAIRO_STATUS_READ_ERROR")) {
            _ = try Bitmap(png: png.prefix(40))
        }
    }

    @Test func encodingForeignMemoryChecksItsSize() {
        let memory = [UInt8](repeating: 0, count: 100)
        memory.withUnsafeBytes { bytes in
            #expect(throws: DrawingError.badPixels(width: 10, height: 10, stride: 40)) {
                _ = try PNG.encode(pixels: bytes, width: 10, height: 10, stride: 40)
            }
            #expect(throws: Never.self) { _ = try PNG.encode(pixels: bytes, width: 5, height: 5, stride: 20) }
        }
    }

    @Test func differenceIsTheShareOfPixelsBeyondTheTolerance() throws {
        let first = try Bitmap(width: 10, height: 10)
        let second = try Bitmap(width: 10, height: 10)
        try second.draw { $0.fill(PixelRect(x: 0, y: 0, width: 5, height: 1), color: Color(hex: 0x000008)) }
        #expect(first.difference(from: second, tolerance: 0) == 0.05)
        #expect(first.difference(from: second, tolerance: 8) == 0)
        #expect(first.difference(from: try Bitmap(width: 10, height: 11), tolerance: 255) == 1)
    }
}
