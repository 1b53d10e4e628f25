import CQREncode
import Glibc

/// A QR code of alphanumeric text (digits, capitals, space and `$%*+-./:`), drawn by libqrencode with error correction M.
public struct QRCode: Sendable {
    /// Modules on a side, the quiet zone left out.
    public let side: Int
    /// Row by row, `side * side` of them; true is dark.
    private let modules: [Bool]

    /// Light modules that must be left free on each side (ISO/IEC 18004, 6.3.8).
    public static let quietZone = 4

    /// Throws `QRCodeError` for text that no code can hold, with the name of errno that libqrencode gave.
    public init(_ text: String) throws(QRCodeError) {
        // Mode 8 bit is libqrencode's name for "find the best encoding yourself"; capitals and digits become alphanumeric.
        guard let code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1) else {
            throw QRCodeError(name: Self.name(of: errno), characters: text.utf8.count)
        }
        defer { QRcode_free(code) }
        side = Int(code.pointee.width)
        guard let data = code.pointee.data else { throw QRCodeError(name: "no data", characters: text.utf8.count) }
        // The lowest bit of each byte is the colour; the others say what the module is for.
        modules = UnsafeBufferPointer(start: data, count: side * side).map { $0 & 1 == 1 }
    }

    /// Whether a module is dark; outside of the code all are light.
    public func isDark(column: Int, row: Int) -> Bool {
        guard (0..<side).contains(column), (0..<side).contains(row) else { return false }
        return modules[row * side + column]
    }

    /// The code for a terminal: two rows of modules in a line of half blocks, black on white whatever the colours are.
    public var terminalText: String {
        let range = -Self.quietZone..<side + Self.quietZone
        var text = ""
        for row in stride(from: range.lowerBound, to: range.upperBound, by: 2) {
            text += "\u{1B}[30;47m"
            for column in range {
                switch (isDark(column: column, row: row), isDark(column: column, row: row + 1)) {
                case (false, false): text += " "
                case (true, false): text += "▀"
                case (false, true): text += "▄"
                case (true, true): text += "█"
                }
            }
            text += "\u{1B}[0m\n"
        }
        return text
    }

    /// The code as a picture that a browser shows and prints, 4 units a module.
    public var svg: String {
        let size = 4 * (side + 2 * Self.quietZone)
        var path = ""
        for row in 0..<side {
            for column in 0..<side where isDark(column: column, row: row) {
                path += "M\(4 * (column + Self.quietZone)) \(4 * (row + Self.quietZone))h4v4h-4z"
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size) \(size)" width="\(size)" height="\(size)" \
            shape-rendering="crispEdges"><rect width="\(size)" height="\(size)" fill="#fff"/><path d="\(path)"/></svg>

            """
    }

    private static func name(of code: Int32) -> String {
        switch code {
        case ERANGE: "ERANGE"
        case EINVAL: "EINVAL"
        case ENOMEM: "ENOMEM"
        default: "errno \(code)"
        }
    }
}

/// Why libqrencode made no code.
public struct QRCodeError: Error, Equatable, CustomStringConvertible {
    /// The name of errno, such as `ERANGE` for text that is too long.
    public let name: String
    public let characters: Int

    public var description: String { "\(characters) characters do not become a QR code (\(name)); put less into one" }
}
