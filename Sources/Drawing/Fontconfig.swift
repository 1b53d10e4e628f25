import CPangoCairo

/// The process's font list: the fonts of our folders and no settings of the system.
enum Fontconfig {
    /// A list of the folders' fonts, which is also made the current one of the process before Pango first looks: Pango
    /// starts a thread that reads `/etc/fonts` if there is no list yet.
    /// - Returns: the list, with a reference for the caller (`FcConfigDestroy`).
    static func use(folders: [String]) throws(DrawingError) -> OpaquePointer {
        guard let config = FcConfigCreate() else { throw .fontconfig(doing: "making a font list") }
        do {
            try fill(config, folders: folders)
        } catch {
            FcConfigDestroy(config)
            throw error
        }
        return config
    }

    private static func fill(_ config: OpaquePointer, folders: [String]) throws(DrawingError) {
        let settings = settings(folders: folders)
        guard FcConfigParseAndLoadFromMemory(config, settings, 1) != 0 else {
            throw .fontconfig(doing: "reading its settings \(settings)")
        }
        guard FcConfigBuildFonts(config) != 0 else {
            throw .fontconfig(doing: "listing the fonts of \(folders.joined(separator: ", "))")
        }
        guard let fonts = FcConfigGetFonts(config, FcSetSystem), fonts.pointee.nfont > 0 else {
            throw .noFonts(folders: folders)
        }
        // Takes a reference of its own.
        guard FcConfigSetCurrent(config) != 0 else { throw .fontconfig(doing: "choosing the font list") }
    }

    /// The cache is the one that Debian's package keeps fresh; without it each start would read every font file.
    private static func settings(folders: [String]) -> String {
        let escaped = folders.map { folder in
            folder.reduce(into: "") { result, character in
                switch character {
                case "&": result += "&amp;"
                case "<": result += "&lt;"
                case ">": result += "&gt;"
                default: result.append(character)
                }
            }
        }
        return """
            <?xml version="1.0"?>
            <!DOCTYPE fontconfig SYSTEM "fonts.dtd">
            <fontconfig>
            \(escaped.map { "<dir>\($0)</dir>" }.joined(separator: "\n"))
            <cachedir>/var/cache/fontconfig</cachedir>
            </fontconfig>
            """
    }
}
