import Foundation

/// The checkout as a set of texts: the rules of the house are checked on what is written, not on what is built.
struct Checkout {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// One Swift file: its path from the root, the target it belongs to, its lines.
    struct SourceFile: CustomStringConvertible, Sendable {
        var path: String
        var target: String
        var lines: [String]
        var description: String { path }

        /// One import: the module, and whether only one declaration of it (`import func Glibc.memchr`).
        struct Import: Sendable {
            var module: String
            var isOneDeclaration: Bool
        }

        /// What it imports, whatever the attributes before `import`.
        var imports: [Import] {
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
                    words[..<at].allSatisfy({ $0.hasPrefix("@") || ["public", "private", "internal"].contains($0) })
                else { return nil }
                let isOne =
                    at + 2 < words.count && ["struct", "enum", "class", "func", "protocol"].contains(words[at + 1])
                let name = words[isOne ? at + 2 : at + 1].prefix { $0 != "." }
                return Import(module: String(name), isOneDeclaration: isOne)
            }
        }
    }

    static func swiftFiles(in folder: String) throws -> [SourceFile] {
        let base = root.appending(path: folder)
        let targets = try FileManager.default.contentsOfDirectory(atPath: base.path).sorted()
        return try targets.flatMap { target in
            let names = (FileManager.default.enumerator(atPath: base.appending(path: target).path)?.allObjects ?? [])
                .compactMap { $0 as? String }
            return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
                let text = try String(contentsOf: base.appending(path: target).appending(path: name), encoding: .utf8)
                return SourceFile(
                    path: "\(folder)/\(target)/\(name)", target: target, lines: text.components(separatedBy: "\n"))
            }
        }
    }

    /// The layer of each target by the arrays of Package.swift (`cModules`, `wrappers`, `vocabulary` …).
    static func layers() throws -> [String: Layer] {
        let text = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
        var layers: [String: Layer] = [:]
        var current: Layer?
        var expectsName = false
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("let "), line.hasSuffix(": [Target] = [") {
                current = Layer(rawValue: String(line.dropFirst(4).prefix { $0 != ":" }))
            } else if line == "]" {
                current = nil
            } else if let current {
                let trimmed = line.trimmingCharacters(in: .whitespaces)
                let opens = ["c(", "module(", "program(", ".target(name: "].contains { trimmed.hasPrefix($0) }
                if opens || expectsName,
                    let name = trimmed.split(separator: "\"", omittingEmptySubsequences: false).dropFirst().first
                {
                    layers[String(name)] = current
                }
                expectsName = opens && !trimmed.contains("\"")
            }
        }
        return layers
    }
}

/// The layers of `Sources/README.md`, as Package.swift names them.
enum Layer: String {
    case cModules, wrappers, vocabulary, policy, adapters, programs

    /// Whether a target of this layer may import one of `other`.
    func mayImport(_ other: Layer) -> Bool {
        switch self {
        case .cModules: false
        case .wrappers: other == .cModules
        case .vocabulary: other == .vocabulary
        case .policy: other == .vocabulary
        case .adapters: [.wrappers, .vocabulary, .policy, .adapters].contains(other)
        case .programs: [.wrappers, .vocabulary, .policy, .adapters].contains(other)
        }
    }
}
