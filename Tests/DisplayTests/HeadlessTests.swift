import Testing

@testable import Display

@Suite struct HeadlessTests {
    private func pixel(_ canvas: Canvas, _ x: Int, _ y: Int) -> UInt32 {
        canvas.pixels.load(fromByteOffset: y * canvas.stride + x * 4, as: UInt32.self)
    }

    private func paint(_ canvas: Canvas, _ color: UInt32) {
        for y in 0..<canvas.size.height {
            for x in 0..<canvas.size.width {
                canvas.pixels.storeBytes(of: color, toByteOffset: y * canvas.stride + x * 4, as: UInt32.self)
            }
        }
    }

    @Test func onlyPresentedPartsReachTheScreen() throws {
        let settings = DisplaySettings(backend: .headless, mode: ModeRequest("101x50"))
        let display = try #require(try settings.open() as? HeadlessDisplay)
        paint(display.canvas, 0x00AB_CDEF)
        #expect(pixel(display.shown, 0, 0) == 0)
        #expect(try display.present([PixelRect(x: 99, y: 48, width: 10, height: 10)]) == .shown)
        #expect(pixel(display.shown, 100, 49) == 0x00AB_CDEF)
        #expect(pixel(display.shown, 98, 49) == 0)
        #expect(pixel(display.shown, 100, 47) == 0)
        #expect(display.frames == 1)
    }

    @Test func aFrameWithoutVisibleDamageIsNoFrame() throws {
        let display = HeadlessDisplay()
        #expect(try display.present([]) == .shown)
        #expect(try display.present([PixelRect(x: -5, y: 0, width: 5, height: 5)]) == .shown)
        #expect(display.frames == 0)
    }

    @Test func sizeAndMillimetresComeFromTheSettings() throws {
        let size = PhysicalSize(width: 527, height: 296)
        for backend in [DisplaySettings.Backend.headless, .web] {
            let display = try DisplaySettings(
                backend: backend, mode: ModeRequest("1920x1080"), millimetres: size
            ).open()
            #expect(display.canvas.size == PixelSize(width: 1920, height: 1080))
            #expect(display.millimetres == size)
            #expect(display.descriptor == -1)
            #expect(display.name == "headless 1920x1080")
        }
        #expect(HeadlessDisplay().canvas.size == HeadlessDisplay.defaultSize)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 1280, 8192])
    func linesAreAlignedAndHoldTheirPixels(width: Int) {
        let canvas = Canvas(PixelSize(width: width, height: 2))
        #expect(canvas.stride % 16 == 0)
        #expect(canvas.stride >= width * 4)
        #expect(canvas.stride < width * 4 + 16)
    }
}
