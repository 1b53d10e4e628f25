import Foundation
import Testing

@testable import KioskShell

struct WallClockTests {
    @Test(
        "A time is written as Foundation would write it",
        arguments: [0, 951_782_399, 951_782_400, 1_709_164_800, 1_795_305_600, 4_102_444_799])
    func text(seconds: Int) {
        let date = Date(timeIntervalSince1970: Double(seconds) + 0.25)
        let expected = date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        #expect(WallClock.text(seconds: seconds, milliseconds: 250) == expected)
    }

    @Test("Milliseconds have three digits")
    func digits() { #expect(WallClock.text(seconds: 0, milliseconds: 7) == "1970-01-01T00:00:00.007Z") }
}
