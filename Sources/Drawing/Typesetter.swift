import CPangoCairo

/// How a text looks.
public struct TextStyle: Hashable, Sendable {
    public enum Weight: Hashable, Sendable {
        case regular, bold
    }
    public enum Alignment: Hashable, Sendable {
        /// Where the language starts its lines: left, or right in a right-to-left language.
        case leading
        case center
        /// Where the language ends its lines.
        case trailing
    }

    /// The font's em in pixels.
    public var pixelSize: Double
    public var weight: Weight
    /// The narrow face of the family, for words that must stand on a narrow key.
    public var isNarrow: Bool
    public var alignment: Alignment
    /// Distance between baselines as a multiple of the font's own.
    public var lineSpacing: Double

    public init(
        pixelSize: Double, weight: Weight = .regular, isNarrow: Bool = false, alignment: Alignment = .leading,
        lineSpacing: Double = 0.92
    ) {
        self.pixelSize = pixelSize
        self.weight = weight
        self.isNarrow = isNarrow
        self.alignment = alignment
        self.lineSpacing = lineSpacing
    }
}

/// What a laid out text takes up, in pixels.
public struct TextMetrics: Equatable, Sendable {
    /// Of the widest line.
    public var width: Int
    /// Of all lines, from the top of the first to the foot of the last.
    public var height: Int
    public var lineCount: Int
    /// A word was longer than the width and had to be cut.
    public var breaksWord: Bool
    /// Characters that no font can show (drawn as boxes).
    public var unknownGlyphs: Int
}

/// Shapes, breaks and draws text with Pango; the first use loads the fonts, so a program that draws no text makes none.
///
/// It reads the fonts of the given folders and nothing else: no `fonts.conf` of the system or of a user changes a
/// picture, and reading the system's settings, which costs more than everything else here together, is saved.
/// One thread at a time.
public final class Typesetter {
    /// Families in order of preference; what none of them has comes from any font in the folders.
    public static let families = "PT Sans,Noto Sans"
    public static let narrowFamilies = "PT Sans Narrow,PT Sans,Noto Sans"
    /// Where Debian's fonts-paratype and fonts-noto-core put their fonts.
    public static let standardFolders = ["/usr/share/fonts/truetype/paratype", "/usr/share/fonts/truetype/noto"]

    private let fontMap: UnsafeMutablePointer<PangoFontMap>
    private let context: OpaquePointer
    private var layouts: [LayoutKey: LaidOutText] = [:]
    private var balancedWidths: [LayoutKey: Int] = [:]
    private var capHeights: [CapHeightKey: Double] = [:]

    /// Layouts that were drawn are kept for the next frame; the texts of a questionnaire in a language are some 40.
    static let layoutLimit = 128

    /// - Throws: `noFonts` when the folders hold none, `fontconfig` or `cairo` when the libraries refuse.
    public init(folders: [String] = Typesetter.standardFolders) throws(DrawingError) {
        let fonts = try Fontconfig.use(folders: folders)
        defer { FcConfigDestroy(fonts) }
        // FreeType by name: the default of pango_cairo_font_map_new is chosen by an environment variable.
        guard let fontMap = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT) else {
            throw .cairo(doing: "opening the fonts", status: "no FreeType support")
        }
        // Pango's FreeType font map is one of fontconfig; C casts it with PANGO_FC_FONT_MAP, a macro.
        pango_fc_font_map_set_config(OpaquePointer(fontMap), fonts)
        guard let context = pango_font_map_create_context(fontMap) else {
            g_object_unref(fontMap)
            throw .cairo(doing: "opening the fonts", status: "no Pango context")
        }
        // Pinned, so that a picture does not depend on the machine: no hinting, grey edges, exact positions.
        let options = cairo_font_options_create()
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        pango_cairo_context_set_font_options(context, options)
        cairo_font_options_destroy(options)
        pango_cairo_context_set_resolution(context, 72)
        pango_context_set_round_glyph_positions(context, 0)
        // Else Pango takes the language, which chooses between fonts and glyph forms, from the environment.
        pango_context_set_language(context, pango_language_from_string("ru"))
        self.fontMap = fontMap
        self.context = context
    }

    deinit {
        layouts.removeAll()
        g_object_unref(UnsafeMutableRawPointer(context))
        g_object_unref(fontMap)
    }

    /// The room a text needs.
    /// - Parameter width: where lines break, in pixels; none for a single paragraph in one line.
    public func measure(_ text: String, style: TextStyle, width: Int? = nil) -> TextMetrics {
        if let known = layouts[LayoutKey(text: text, style: style, width: width)] { return known.metrics }
        return LaidOutText(text, style: style, width: width, context: context).metrics
    }

    /// The narrowest width in which the text takes no more lines than in `width`, so that its lines are of like length.
    public func balancedWidth(_ text: String, style: TextStyle, width: Int) -> Int {
        let key = LayoutKey(text: text, style: style, width: width)
        if let known = balancedWidths[key] { return known }
        let full = measure(text, style: style, width: width)
        var tooNarrow = full.width / max(1, full.lineCount) - 1
        var wideEnough = min(width, full.width + 1)
        while full.lineCount > 1, wideEnough - tooNarrow > 2 {
            let middle = (tooNarrow + wideEnough) / 2
            let metrics = measure(text, style: style, width: middle)
            if metrics.lineCount > full.lineCount || metrics.breaksWord {
                tooNarrow = middle
            } else {
                wideEnough = middle
            }
        }
        if balancedWidths.count >= Self.layoutLimit { balancedWidths.removeAll(keepingCapacity: true) }
        balancedWidths[key] = wideEnough
        return wideEnough
    }

    /// Draws a text into a box; its first line starts at the top of the box, its lines are aligned in the width.
    public func draw(_ text: String, style: TextStyle, color: Color, in box: PixelRect, on canvas: borrowing Canvas) {
        let layout = keptLayout(text, style: style, width: box.width)
        cairo_new_path(canvas.context)
        canvas.setSource(color)
        cairo_move_to(canvas.context, Double(box.x), Double(box.y))
        pango_cairo_show_layout(canvas.context, layout.handle)
    }

    /// The height of a capital H without accents, in pixels: what legibility rules are stated in.
    public func capHeight(_ style: TextStyle) -> Double {
        let key = CapHeightKey(pixelSize: style.pixelSize, weight: style.weight, isNarrow: style.isNarrow)
        if let known = capHeights[key] { return known }
        let height = LaidOutText("H", style: style, width: nil, context: context).inkHeight
        capHeights[key] = height
        return height
    }

    /// The family that shows the first character of a text, for example `PT Sans`.
    public func family(showing text: String, style: TextStyle) -> String? {
        LaidOutText(text, style: style, width: nil, context: context).firstFamily
    }

    private func keptLayout(_ text: String, style: TextStyle, width: Int) -> LaidOutText {
        let key = LayoutKey(text: text, style: style, width: width)
        if let known = layouts[key] { return known }
        if layouts.count >= Self.layoutLimit { layouts.removeAll(keepingCapacity: true) }
        let made = LaidOutText(text, style: style, width: width, context: context)
        layouts[key] = made
        return made
    }

    private struct LayoutKey: Hashable {
        var text: String
        var style: TextStyle
        var width: Int?
    }

    private struct CapHeightKey: Hashable {
        var pixelSize: Double
        var weight: TextStyle.Weight
        var isNarrow: Bool
    }
}
