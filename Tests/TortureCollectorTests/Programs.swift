import Foundation

/// The programs that were built beside this bundle.
enum Programs {
    static let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        .path

    static func path(_ name: String) -> String { "\(folder)/\(name)" }
}
