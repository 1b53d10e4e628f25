import Drawing
import Foundation

/// The pictures of a run, for people to look at: one file for each that differs from the one before, and of a long run the newest.
public final class Album {
    public let folder: String
    /// So many files at most.
    private static let most = 999
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
        if let last, last.isSame(as: picture, tolerance: 0) { return false }
        last = picture
        let number = String(count % Self.most + 1001).dropFirst()
        count += 1
        if count > Self.most { try forget("\(number)-") }
        try picture.png().write(to: URL(filePath: "\(folder)/\(number)-\(caption).png"))
        return true
    }

    private func forget(_ prefix: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasPrefix(prefix) {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }
}
