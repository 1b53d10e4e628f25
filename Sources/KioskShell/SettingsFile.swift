import Configuration
import FoundationEssentials
import SystemPackage
import Yams

/// Why settings are refused; the program exits 78 with `description`.
public struct SettingsError: Error, Equatable, CustomStringConvertible {
    /// The file, with line where there is one.
    public var place: String
    public var cause: String
    public var nextStep: String

    public var description: String { "\(place): \(cause); \(nextStep)" }
}

extension KioskSettings {
    /// Every key that the file may hold, in its dotted spelling.
    static let keys: Set<String> = [
        "data", "runtime", "questionnaire", "display.backend", "display.device",
        "display.connector", "display.mode", "display.diagonal-inches", "display.viewing-distance-mm",
        "display.web-port", "display.console", "display.wait-seconds", "input.grab", "input.matrix", "input.rotation",
        "input.keys",
        "dialog.language", "dialog.start", "dialog.window", "dialog.service", "dialog.warning-ms", "dialog.reset-ms",
        "dialog.arm-ms", "dialog.highlight-ms", "dialog.thanks-ms",
    ]

    /// Reads a YAML file (nothing: defaults) and the environment's `OTSENKA_…` over it.
    /// Throws `SettingsError` for a file that cannot be read, is not YAML, has an unknown key or a value of the wrong kind.
    public static func load(file: String?, environment: [String: String]) async throws -> KioskSettings {
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "otsenka")
        ]
        var present = Set(keys.filter { environment[variable(for: $0)] != nil })
        if let file {
            let found = try check(file: file)
            present.formUnion(found)
            if !found.isEmpty { providers.append(try await provider(of: file)) }
        }
        let reader = SettingsReader(
            config: ConfigReader(providers: providers), present: present, place: file ?? "the environment")
        var settings = KioskSettings()
        try settings.take(from: reader)
        return settings
    }

    private static func variable(for key: String) -> String {
        "OTSENKA_" + key.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }

    /// The keys in the file, all of them known.
    private static func check(file: String) throws -> Set<String> {
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: file)) } catch {
            throw SettingsError(
                place: file, cause: "the settings file cannot be read",
                nextStep: "check that it exists and its permissions")
        }
        let root: Node?
        do { root = try Yams.compose(yaml: String(decoding: data, as: UTF8.self)) } catch let error as YamlError {
            throw SettingsError(
                place: file, cause: "this is not YAML (\(firstLine(of: "\(error)")))",
                nextStep: "correct the line, or take the file away to start with the defaults")
        }
        guard let root, root.null == nil else { return [] }
        guard root.mapping != nil else {
            throw SettingsError(
                place: file, cause: "the file is not a list of `key: value` lines",
                nextStep: "see `otsenka-kiosk run --help` for an example")
        }
        var found: Set<String> = []
        try collect(root, prefix: "", file: file, into: &found)
        return found
    }

    private static func collect(_ node: Node, prefix: String, file: String, into found: inout Set<String>) throws {
        for (key, value) in node.mapping ?? [:] {
            let name = prefix + (key.string ?? "?")
            if value.mapping != nil, keys.contains(where: { $0.hasPrefix(name + ".") }) {
                try collect(value, prefix: name + ".", file: file, into: &found)
            } else if keys.contains(name) {
                found.insert(name)
            } else {
                let line = key.mark.map { ":\($0.line)" } ?? ""
                throw SettingsError(
                    place: file + line, cause: "there is no setting `\(name)`",
                    nextStep: nearest(to: name).map { "did you mean `\($0)`?" } ?? "take the line away")
            }
        }
    }

    /// The known key that shares the last part, or the longest beginning.
    private static func nearest(to name: String) -> String? {
        let ranked = keys.map { ($0, $0.commonPrefix(with: name).count) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        guard let best = ranked.first, best.1 >= 3 else { return nil }
        return best.0
    }

    private static func provider(of file: String) async throws -> any ConfigProvider {
        do {
            return try await FileProvider<YAMLSnapshot>(filePath: FilePath(file))
        } catch {
            throw SettingsError(
                place: file, cause: "a value has a kind that settings do not know (\(firstLine(of: "\(error)")))",
                nextStep: "values are texts, numbers, true or false, or lists of one kind")
        }
    }

    private static func firstLine(of text: String) -> String {
        String(text.split(separator: "\n").first ?? "")
    }
}
