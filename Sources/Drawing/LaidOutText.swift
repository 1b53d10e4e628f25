import CPangoCairo

/// Owner of one `PangoLayout`.
final class LaidOutText {
    let handle: OpaquePointer
    let metrics: TextMetrics

    init(_ text: String, style: TextStyle, width: Int?, context: OpaquePointer) {
        guard let handle = pango_layout_new(context) else {
            preconditionFailure("pango_layout_new gives nothing only for a context that is none")
        }
        let description = pango_font_description_new()
        pango_font_description_set_family(
            description, style.isNarrow ? Typesetter.narrowFamilies : Typesetter.families)
        pango_font_description_set_absolute_size(description, style.pixelSize * Double(PANGO_SCALE))
        pango_font_description_set_weight(
            description, style.weight == .bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL)
        pango_layout_set_font_description(handle, description)
        pango_font_description_free(description)
        pango_layout_set_text(handle, text, -1)
        pango_layout_set_line_spacing(handle, Float(style.lineSpacing))
        pango_layout_set_alignment(handle, Self.alignment(style.alignment))
        // Words are cut only where a single one is wider than the box: seen and reported, never lost.
        pango_layout_set_wrap(handle, PANGO_WRAP_WORD_CHAR)
        pango_layout_set_width(handle, width.map { Int32(clamping: $0 * Int(PANGO_SCALE)) } ?? -1)
        self.handle = handle
        metrics = Self.measure(handle, text: text)
    }

    deinit { g_object_unref(UnsafeMutableRawPointer(handle)) }

    /// Of the drawn pixels, exact to 1/1024 pixel.
    var inkHeight: Double {
        var ink = PangoRectangle()
        pango_layout_get_extents(handle, &ink, nil)
        return Double(ink.height) / Double(PANGO_SCALE)
    }

    var firstFamily: String? {
        guard let line = pango_layout_get_line_readonly(handle, 0), let run = line.pointee.runs?.pointee.data else {
            return nil
        }
        let item = run.assumingMemoryBound(to: PangoGlyphItem.self).pointee.item
        let description = pango_font_describe(item?.pointee.analysis.font)
        defer { pango_font_description_free(description) }
        return pango_font_description_get_family(description).map { String(cString: $0) }
    }

    private static func alignment(_ alignment: TextStyle.Alignment) -> PangoAlignment {
        switch alignment {
        case .leading: PANGO_ALIGN_LEFT
        case .center: PANGO_ALIGN_CENTER
        case .trailing: PANGO_ALIGN_RIGHT
        }
    }

    private static func measure(_ handle: OpaquePointer, text: String) -> TextMetrics {
        var logical = PangoRectangle()
        pango_layout_get_extents(handle, nil, &logical)
        let scale = Double(PANGO_SCALE)
        let lines = Int(pango_layout_get_line_count(handle))
        return TextMetrics(
            width: Int((Double(logical.width) / scale).rounded(.up)),
            height: Int((Double(logical.height) / scale).rounded(.up)), lineCount: lines,
            breaksWord: breaksWord(handle, text: text, lines: lines),
            unknownGlyphs: Int(pango_layout_get_unknown_glyphs_count(handle)))
    }

    /// Whether a line starts where the text offers no place to break.
    private static func breaksWord(_ handle: OpaquePointer, text: String, lines: Int) -> Bool {
        guard lines > 1 else { return false }
        var count: Int32 = 0
        guard let attributes = pango_layout_get_log_attrs_readonly(handle, &count) else { return false }
        for index in 1..<lines {
            guard let line = pango_layout_get_line_readonly(handle, Int32(index)) else { continue }
            let byteOffset = Int(line.pointee.start_index)
            // Pango's attributes are counted in Unicode scalars, its lines in bytes.
            let prefix = text.utf8.prefix(byteOffset)
            let position = prefix.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
            if position < Int(count), attributes[position].is_line_break == 0 { return true }
        }
        return false
    }
}
