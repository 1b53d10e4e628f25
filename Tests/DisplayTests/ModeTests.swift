import Testing

@testable import Display

@Suite struct ModeRequestTests {
    @Test(arguments: [
        ("1920x1080", 1920, 1080, Int?.none),
        ("1x8192", 1, 8192, nil),
        ("1920x1080@60", 1920, 1080, 60_000),
        ("1920x1080@59.94", 1920, 1080, 59_940),
        ("1920x1080@59.9", 1920, 1080, 59_900),
        ("800x480@0.001", 800, 480, 1),
    ])
    func sizesAndRatesAreRead(text: String, width: Int, height: Int, rate: Int?) {
        #expect(
            ModeRequest(text)
                == ModeRequest(size: PixelSize(width: width, height: height), refreshMillihertz: rate))
    }

    @Test(arguments: [
        "", "x", "@", "1920", "1920x", "x1080", "1920×1080", "1920X1080", "0x1080", "8193x1", "+1x1", "-1x1",
        "1920x1080@", "1920x1080@0", "1920x1080@60@60", "1920x1080@1001", "1920x1080@60.", "1920x1080@60.0001",
        "1920x1080 ", "1920x1080x60", "99999999999999999999x1", "1920x1080@.5", "١٢x١٢",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(ModeRequest(text) == nil)
    }

    @Test(arguments: ["1920x1080", "1920x1080@60", "1920x1080@59.940", "800x480@0.001"])
    func aRequestIsWrittenAsItIsRead(text: String) {
        #expect(ModeRequest(text)?.description == text)
    }
}

@Suite struct ModeChoiceTests {
    private static func mode(
        _ text: String, preferred: Bool = false, interlaced: Bool = false
    ) throws -> ScreenMode {
        let request = try #require(ModeRequest(text))
        return ScreenMode(
            size: request.size, refreshMillihertz: try #require(request.refreshMillihertz), isPreferred: preferred,
            isInterlaced: interlaced)
    }

    /// A television: its preferred mode is not its largest, and interlaced ones come first.
    private static func television() throws -> [ScreenMode] {
        [
            try mode("1920x1080@60", interlaced: true), try mode("1920x1080@50"), try mode("1920x1080@59.94"),
            try mode("1920x1080@60"), try mode("1360x768@60.015", preferred: true), try mode("3840x2160@30"),
            ScreenMode(size: PixelSize(width: 9000, height: 9000), refreshMillihertz: 60_000),
        ]
    }

    @Test(arguments: [
        (String?.none, Optional("1360x768@60.015")),
        ("1920x1080", "1920x1080@60"),
        ("1920x1080@50", "1920x1080@50"),
        ("1920x1080@59.94", "1920x1080@59.940"),
        ("1920x1080@59.7", "1920x1080@59.940"),
        ("1920x1080@49.5", "1920x1080@50"),
        ("1920x1080@49.4", nil),
        ("1360x768", "1360x768@60.015"),
        ("3840x2160", "3840x2160@30"),
        ("800x600", nil),
    ])
    func theRequestedOrPreferredModeIsChosen(request: String?, expected: String?) throws {
        let modes = try Self.television()
        let index = ScreenMode.choose(from: modes, request: request.flatMap { ModeRequest($0) })
        #expect(index.map { modes[$0].description } == expected)
        #expect(index.map { modes[$0].isInterlaced } != true)
    }

    @Test func withoutAPreferredModeTheLargestThatCanBeDrawnIsChosen() throws {
        let modes = try Self.television().filter { !$0.isPreferred }
        #expect(ScreenMode.choose(from: modes, request: nil) == modes.firstIndex(of: try Self.mode("3840x2160@30")))
    }

    @Test func anInterlacedModeIsBetterThanNone() throws {
        #expect(ScreenMode.choose(from: [try Self.mode("1920x1080@60", interlaced: true)], request: nil) == 0)
        #expect(ScreenMode.choose(from: [], request: nil) == nil)
    }

    /// Lines of CEA-861 and of a double-scan VGA mode.
    @Test(arguments: [
        (148_500, 2200, 1125, 0, false, false, 60_000),
        (148_352, 2200, 1125, 0, false, false, 59_940),
        (74_250, 2200, 1125, 0, true, false, 60_000),
        (12_587, 400, 525, 0, false, true, 29_969),
        (65_000, 1344, 806, 0, false, false, 60_004),
        (65_000, 0, 806, 0, false, false, 0),
    ])
    func theRateFollowsFromTheLine(
        clock: Int, horizontal: Int, vertical: Int, scan: Int, interlaced: Bool, doubled: Bool, expected: Int
    ) {
        #expect(
            ScreenMode.refreshMillihertz(
                clockKilohertz: clock, horizontalTotal: horizontal, verticalTotal: vertical, scan: scan,
                isInterlaced: interlaced, isDoubleScan: doubled) == expected)
    }

    @Test func aModeThatDoesNotExistIsAnsweredWithThoseThatDo() throws {
        let modes = try (1...12).map { try Self.mode("\($0)00x100@60") } + Self.television()
        let error = DRMOutput.noMode(
            among: modes, ModeRequest("800x600@75"), thing: "screen /dev/dri/card0 connector HDMI-A-1")
        #expect(error.code == .settings)
        #expect(
            error.description
                == "screen /dev/dri/card0 connector HDMI-A-1 has no mode 800x600@75; set one of these, or none: "
                + "100x100@60, 200x100@60, 300x100@60, 400x100@60, 500x100@60, 600x100@60, 700x100@60, 800x100@60, …")
    }
}

@Suite struct PhysicalSizeTests {
    @Test(arguments: [
        (527, 296, true), (344, 193, true), (0, 0, false), (527, 0, false), (16, 9, false), (160, 90, true),
        (-1, -1, false), (1600, 900, true), (3000, 1700, false),
    ])
    func nonsenseFromAnEDIDIsNotBelieved(width: Int, height: Int, isBelieved: Bool) {
        let size = PhysicalSize(reported: width, height, of: PixelSize(width: 1920, height: 1080))
        #expect((size != nil) == isBelieved)
    }
}
