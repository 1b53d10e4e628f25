/// What can go wrong between us, Cairo and the fonts.
public enum DrawingError: Error, Equatable, CustomStringConvertible {
    /// Cairo refused; `status` keeps Cairo's name (`CAIRO_STATUS_NO_MEMORY` …).
    case cairo(doing: String, status: String)
    /// The bytes do not begin as a PNG file does.
    case notPNG
    /// Not one font was found in the folders.
    case noFonts(folders: [String])
    /// Fontconfig refused its own settings or ran out of memory.
    case fontconfig(doing: String)
    /// The pixels given do not make a picture of this size.
    case badPixels(width: Int, height: Int, stride: Int)

    public var description: String {
        switch self {
        case .cairo(let doing, let status):
            "Cairo failed while \(doing) (\(status)); restart the program, and report it if it happens again"
        case .notPNG:
            "the bytes are no PNG picture; give a file that begins with the PNG signature"
        case .noFonts(let folders):
            "no font found in \(folders.joined(separator: ", ")); install fonts-paratype and fonts-noto-core"
        case .fontconfig(let doing):
            "fontconfig failed while \(doing); check that there is free memory and that libfontconfig1 is whole"
        case .badPixels(let width, let height, let stride):
            "\(width)×\(height) pixels with \(stride) bytes a row are no picture that Cairo can draw into; "
                + "a row needs 4 bytes a pixel, and a side 1 to 32767 pixels"
        }
    }
}
