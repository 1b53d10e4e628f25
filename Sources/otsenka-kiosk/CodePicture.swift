import Drawing
import FoundationEssentials
import QRCode

/// A QR code as a picture.
struct CodePicture {
    let code: QRCode
    private static let pixelsPerModule = 6

    init(_ text: String) throws {
        do throws(QRCodeError) { code = try QRCode(text) } catch { throw Failure(status: 70, message: "\(error)") }
    }

    /// A PNG, 6 pixels a module, with its quiet zone.
    func png() throws -> Data {
        do { return try drawn() } catch {
            throw Failure(status: 70, message: "the picture of a QR code cannot be drawn: \(error)")
        }
    }

    private func drawn() throws -> Data {
        let unit = Self.pixelsPerModule
        let size = unit * (code.side + 2 * QRCode.quietZone)
        let bitmap = try Bitmap(width: size, height: size)
        let (black, white) = (Color(red: 0, green: 0, blue: 0), Color(red: 255, green: 255, blue: 255))
        try bitmap.draw { canvas in
            canvas.fill(PixelRect(x: 0, y: 0, width: size, height: size), color: white)
            for row in 0..<code.side {
                for column in 0..<code.side where code.isDark(column: column, row: row) {
                    let x = unit * (column + QRCode.quietZone)
                    let y = unit * (row + QRCode.quietZone)
                    canvas.fill(PixelRect(x: x, y: y, width: unit, height: unit), color: black)
                }
            }
        }
        return try bitmap.png()
    }

    /// Three digits, so that names sort.
    static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 3 - text.count)) + text
    }
}
