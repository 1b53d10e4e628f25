import Drawing
import Testing

@testable import DialogScreens

@Suite struct ThemeTests {
    @Test(
        "Contrast is computed as WCAG computes it",
        arguments: [
            (0x000000, 0xFFFFFF, 21.0), (0x777777, 0xFFFFFF, 4.48), (0x767676, 0xFFFFFF, 4.54),
            (0xFF0000, 0xFFFFFF, 4.0),
            (0x0000FF, 0xFFFFFF, 8.59), (0x123456, 0x123456, 1),
        ] as [(UInt32, UInt32, Double)])
    func ratio(first: UInt32, second: UInt32, expected: Double) {
        #expect(abs(Contrast.ratio(Color(hex: first), Color(hex: second)) - expected) < 0.01)
        #expect(
            Contrast.ratio(Color(hex: first), Color(hex: second))
                == Contrast.ratio(Color(hex: second), Color(hex: first)))
    }

    @Test func everyTextOfTheStandardThemeCanBeRead() {
        let theme = Theme.standard
        let pairs = [
            (theme.ink, theme.background), (theme.ink, theme.strip), (theme.ink, theme.key),
            (theme.ink, theme.latchedKey),
            (theme.pressedInk, theme.pressedKey), (theme.warningInk, theme.warning),
        ]
        for (text, ground) in pairs { #expect(Contrast.ratio(text, ground) >= LayoutRules.leastTextContrast) }
    }

    @Test func everyKeyFaceAndSignOfTheStandardThemeStandsOut() {
        let theme = Theme.standard
        let pairs = [
            (theme.keyEdge, theme.background), (theme.keyEdge, theme.strip), (theme.pressedKey, theme.background),
            (theme.pressedKey, theme.strip), (theme.key, theme.warning), (theme.ink, theme.face),
            (theme.accent, theme.background), (theme.accent, theme.strip), (theme.attention, theme.background),
        ]
        for (sign, ground) in pairs { #expect(Contrast.ratio(sign, ground) >= LayoutRules.leastGraphicsContrast) }
    }
}
