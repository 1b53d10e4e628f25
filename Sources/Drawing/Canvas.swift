import CPangoCairo

/// A place to draw: pixels that somebody else owns, 4 bytes each, blue first (`XRGB8888` of DRM in memory order).
///
/// The memory must stay valid while the canvas lives; the canvas only draws into it. Whatever is drawn is cut to the
/// canvas, and to the damage inside `withClip`.
public struct Canvas: ~Copyable {
    public let width: Int
    public let height: Int
    private let surface: OpaquePointer
    let context: OpaquePointer

    /// - Parameters:
    ///   - pixels: the first pixel of the first row.
    ///   - stride: bytes from one row to the next; at least `4 * width`, a multiple of 4.
    /// - Throws: `badPixels` for a size that Cairo cannot address, `cairo` without memory.
    public init(pixels: UnsafeMutableRawPointer, width: Int, height: Int, stride: Int) throws(DrawingError) {
        guard (1...32767).contains(width), (1...32767).contains(height), stride >= 4 * width, stride % 4 == 0 else {
            throw .badPixels(width: width, height: height, stride: stride)
        }
        let bytes = pixels.assumingMemoryBound(to: UInt8.self)
        let surface = cairo_image_surface_create_for_data(
            bytes, CAIRO_FORMAT_RGB24, Int32(width), Int32(height), Int32(stride))
        let status = cairo_surface_status(surface)
        guard let surface, status == CAIRO_STATUS_SUCCESS else {
            throw .cairo(doing: "opening a canvas", status: CairoStatus.name(status))
        }
        let context = cairo_create(surface)
        let contextStatus = cairo_status(context)
        guard let context, contextStatus == CAIRO_STATUS_SUCCESS else {
            cairo_surface_destroy(surface)
            throw .cairo(doing: "opening a canvas", status: CairoStatus.name(contextStatus))
        }
        cairo_set_antialias(context, CAIRO_ANTIALIAS_GRAY)
        self.width = width
        self.height = height
        self.surface = surface
        self.context = context
    }

    deinit {
        cairo_destroy(context)
        // The memory is the caller's: what Cairo holds back must be in it before the caller reads it.
        cairo_surface_flush(surface)
        cairo_surface_destroy(surface)
    }

    public var bounds: PixelRect { PixelRect(x: 0, y: 0, width: width, height: height) }

    /// Protects everything outside `rect` while `draw` draws.
    public func withClip(_ rect: PixelRect, _ draw: (borrowing Canvas) -> Void) {
        cairo_save(context)
        cairo_new_path(context)
        add(rect)
        cairo_clip(context)
        draw(self)
        cairo_restore(context)
    }

    public func fill(_ rect: PixelRect, color: Color) {
        cairo_new_path(context)
        add(rect)
        paintFill(color)
    }

    /// A rectangle with rounded corners; a radius beyond half of the shorter side makes a pill.
    public func fill(_ rect: PixelRect, radius: Double, color: Color) {
        guard radius > 0 else { return fill(rect, color: color) }
        addRounded(rect, radius: radius, inset: 0)
        paintFill(color)
    }

    /// A line of `lineWidth` pixels that lies wholly inside the rectangle.
    public func stroke(_ rect: PixelRect, radius: Double, lineWidth: Double, color: Color) {
        addRounded(rect, radius: max(0, radius - lineWidth / 2), inset: lineWidth / 2)
        paintStroke(color, lineWidth: lineWidth)
    }

    public func fillEllipse(centerX: Double, centerY: Double, radiusX: Double, radiusY: Double, color: Color) {
        addEllipse(centerX: centerX, centerY: centerY, radiusX: radiusX, radiusY: radiusY)
        paintFill(color)
    }

    /// A circle whose line of `lineWidth` pixels is centred on the radius.
    public func strokeCircle(centerX: Double, centerY: Double, radius: Double, lineWidth: Double, color: Color) {
        addEllipse(centerX: centerX, centerY: centerY, radiusX: radius, radiusY: radius)
        paintStroke(color, lineWidth: lineWidth)
    }

    public func fill(_ path: Path, color: Color) {
        add(path)
        paintFill(color)
    }

    /// A line of `lineWidth` pixels along the path, with round ends and corners.
    public func stroke(_ path: Path, lineWidth: Double, color: Color) {
        add(path)
        paintStroke(color, lineWidth: lineWidth)
    }

    private func add(_ rect: PixelRect) {
        cairo_rectangle(context, Double(rect.x), Double(rect.y), Double(rect.width), Double(rect.height))
    }

    private func addRounded(_ rect: PixelRect, radius: Double, inset: Double) {
        let left = Double(rect.x) + inset
        let top = Double(rect.y) + inset
        let right = Double(rect.right) - inset
        let bottom = Double(rect.bottom) - inset
        let r = min(radius, (right - left) / 2, (bottom - top) / 2)
        cairo_new_path(context)
        cairo_arc(context, right - r, top + r, r, -.pi / 2, 0)
        cairo_arc(context, right - r, bottom - r, r, 0, .pi / 2)
        cairo_arc(context, left + r, bottom - r, r, .pi / 2, .pi)
        cairo_arc(context, left + r, top + r, r, .pi, 3 * .pi / 2)
        cairo_close_path(context)
    }

    private func addEllipse(centerX: Double, centerY: Double, radiusX: Double, radiusY: Double) {
        cairo_new_path(context)
        cairo_save(context)
        cairo_translate(context, centerX, centerY)
        cairo_scale(context, radiusX, radiusY)
        cairo_arc(context, 0, 0, 1, 0, 2 * .pi)
        cairo_restore(context)
        cairo_close_path(context)
    }

    private func add(_ path: Path) {
        cairo_new_path(context)
        for step in path.steps {
            switch step {
            case .move(let x, let y): cairo_move_to(context, x, y)
            case .line(let x, let y): cairo_line_to(context, x, y)
            case .curve(let x1, let y1, let x2, let y2, let x, let y):
                cairo_curve_to(context, x1, y1, x2, y2, x, y)
            case .close: cairo_close_path(context)
            }
        }
    }

    private func paintFill(_ color: Color) {
        setSource(color)
        cairo_fill(context)
    }

    private func paintStroke(_ color: Color, lineWidth: Double) {
        setSource(color)
        cairo_set_line_width(context, lineWidth)
        cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        cairo_stroke(context)
    }

    func setSource(_ color: Color) {
        cairo_set_source_rgb(
            context, Double(color.red) / 255, Double(color.green) / 255, Double(color.blue) / 255)
    }
}

/// Lines and Bézier curves, in pixels.
public struct Path: Hashable, Sendable {
    enum Step: Hashable, Sendable {
        case move(Double, Double)
        case line(Double, Double)
        case curve(Double, Double, Double, Double, Double, Double)
        case close
    }
    var steps: [Step] = []

    public init() {}

    public mutating func move(_ x: Double, _ y: Double) { steps.append(.move(x, y)) }
    public mutating func line(_ x: Double, _ y: Double) { steps.append(.line(x, y)) }

    /// A cubic Bézier curve to (`x`, `y`) with two control points.
    public mutating func curve(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, to x: Double, _ y: Double) {
        steps.append(.curve(x1, y1, x2, y2, x, y))
    }
    public mutating func close() { steps.append(.close) }
}
