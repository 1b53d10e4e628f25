/// One place where a screen breaks a rule of `LayoutRules`.
public struct LayoutViolation: Equatable, Sendable, CustomStringConvertible {
    public enum Rule: String, Sendable, CaseIterable {
        /// A side of a target, in millimetres.
        case targetSize = "target-size"
        /// Room between two targets, in millimetres; negative where they overlap.
        case targetGap = "target-gap"
        /// Pixels of a target that lie off the screen.
        case targetOutside = "target-outside"
        /// Height of a capital H, in millimetres.
        case capHeight = "cap-height"
        /// Pixels that a text reaches over its room.
        case textOverflow = "text-overflow"
        /// Words cut in the middle.
        case cutWord = "cut-word"
        /// Characters that no font shows.
        case missingGlyph = "missing-glyph"
        /// Texts or signs that lie upon one another.
        case textOverlap = "text-overlap"
        /// Contrast ratio of a text.
        case textContrast = "text-contrast"
        /// Contrast ratio of a key, a face or a sign.
        case graphicsContrast = "graphics-contrast"
        /// A language whose surroundings of the questions have no words of their own.
        case missingPhrases = "missing-phrases"

        var unit: String {
            switch self {
            case .targetSize, .targetGap, .capHeight: " mm"
            case .targetOutside, .textOverflow: " px"
            case .textContrast, .graphicsContrast: ":1"
            case .cutWord, .missingGlyph, .textOverlap, .missingPhrases: ""
            }
        }
    }

    public var rule: Rule
    /// The name in `ScreenCatalogue`, or the Contract's name of the screen.
    public var screen: String
    public var language: String
    /// The target's id, or the text.
    public var subject: String
    public var measured: Double
    public var required: Double

    public var description: String {
        "\(screen) (\(language)): \(rule.rawValue) of \(subject): \(Self.short(measured))\(rule.unit), "
            + "required \(Self.short(required))\(rule.unit)"
    }

    private static func short(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let sign = hundredths < 0 ? "-" : ""
        let fraction = abs(hundredths) % 100
        let whole = "\(sign)\(abs(hundredths) / 100)"
        return fraction == 0 ? whole : whole + "." + (fraction < 10 ? "0" : "") + "\(fraction)"
    }
}
