import Drawing
import Glibc

/// The colours of the screens. One set for all answers: no colour says which answer is the good one.
public struct Theme: Equatable, Sendable {
    /// Behind everything.
    public var background: Color
    /// Behind the language and action keys.
    public var strip: Color
    /// Text and lines.
    public var ink: Color
    /// Progress made, pictograms.
    public var accent: Color
    public var key: Color
    /// Outline and front edge of a key; the part of a progress bar that lies ahead.
    public var keyEdge: Color
    public var pressedKey: Color
    public var pressedInk: Color
    /// A key that stays down: the language in use.
    public var latchedKey: Color
    public var face: Color
    /// Behind the time warning.
    public var warning: Color
    public var warningInk: Color
    /// The sign on «Оценка не сохранена».
    public var attention: Color

    public static let standard = Theme(
        background: Color(hex: 0xE1E7ED), strip: Color(hex: 0xC8D3DE), ink: Color(hex: 0x14263A),
        accent: Color(hex: 0x17497C), key: Color(hex: 0xFFFFFF), keyEdge: Color(hex: 0x4A5D72),
        pressedKey: Color(hex: 0x17497C), pressedInk: Color(hex: 0xFFFFFF), latchedKey: Color(hex: 0xAFBECD),
        face: Color(hex: 0xE4ECF4), warning: Color(hex: 0x14263A), warningInk: Color(hex: 0xFFFFFF),
        attention: Color(hex: 0x8A4B08))
}

/// Contrast as WCAG 2.2 defines it ("relative luminance", "contrast ratio").
public enum Contrast {
    /// 1 (the same) … 21 (black and white).
    public static func ratio(_ first: Color, _ second: Color) -> Double {
        let (a, b) = (luminance(first), luminance(second))
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    /// 0 (black) … 1 (white).
    static func luminance(_ color: Color) -> Double {
        0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue)
    }

    private static func linear(_ channel: UInt8) -> Double {
        let value = Double(channel) / 255
        return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
}
