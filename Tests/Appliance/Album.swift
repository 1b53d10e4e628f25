import Drawing
import Foundation

/// The pictures of a run, for people to look at: one file for each that differs from the one before.
public final class Album {
    public let folder: String
    private var count = 0
    private var last: Bitmap?

    public init(folder: String) throws {
        self.folder = folder
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// Keeps a picture unless it is the same as the last one; whether it did.
    @discardableResult
    public func keep(_ picture: Bitmap, _ caption: String) throws -> Bool {
        if let last, last.difference(from: picture, tolerance: 0) == 0 { return false }
        last = picture
        count += 1
        let number = String(count + 1000).dropFirst()
        try picture.png().write(to: URL(filePath: "\(folder)/\(number)-\(caption).png"))
        return true
    }
}
