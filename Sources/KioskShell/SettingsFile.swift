import Configuration
import FoundationEssentials
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
        "data", "runtime", "questionnaire", "release-keys", "display.backend", "display.device",
        "display.connector", "display.mode", "display.diagonal-inches", "display.viewing-distance-mm",
        "display.web-port", "display.console", "display.wait-seconds", "input.grab", "input.matrix", "input.rotation",
        "input.keys",
        "dialog.language", "dialog.warning-ms", "dialog.reset-ms",
        "dialog.arm-ms", "dialog.highlight-ms", "dialog.thanks-ms", "maintenance.socket", "maintenance.sticks",
    ]

    /// Reads a YAML file (nothing: defaults) and the environment's `OTSENKA_…` over it.
    /// Throws `SettingsError` for a file that cannot be read, is not YAML, has an unknown key or a value of the wrong kind.
    public static func load(file: String?, environment: [String: String]) async throws -> KioskSettings {
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "otsenka")
        ]
        var present = Set(keys.filter { environment[variable(for: $0)] != nil })
        if let file {
            let found = try read(file: file)
            present.formUnion(found.keys)
            // As variables, so that one rule says what a value may look like. YAMLSnapshot would build Yams' regular
            // expressions, and with them bring ICU into a program that needs neither (3 MB).
            let variables = found.map { (variable(for: $0.key), $0.value) }
            providers.append(
                EnvironmentVariablesProvider(environmentVariables: Dictionary(uniqueKeysWithValues: variables))
                    .prefixKeys(with: "otsenka"))
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

    /// What the file sets, every key of it known; lists are joined with commas.
    private static func read(file: String) throws -> [String: String] {
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: file)) } catch {
            throw SettingsError(
                place: file, cause: "the settings file cannot be read",
                nextStep: "check that it exists and its permissions")
        }
        let root: Node?
        do { root = try Yams.compose(yaml: String(decoding: data, as: UTF8.self), .basic) } catch let error as YamlError
        {
            throw SettingsError(
                place: file, cause: "this is not YAML (\(firstLine(of: "\(error)")))",
                nextStep: "correct the line, or take the file away to start with the defaults")
        }
        guard let root, root.null == nil else { return [:] }
        guard root.mapping != nil else {
            throw SettingsError(
                place: file, cause: "the file is not a list of `key: value` lines",
                nextStep: "see `otsenka-kiosk run --help` for an example")
        }
        var found: [String: String] = [:]
        try collect(root, prefix: "", file: file, into: &found)
        return found
    }

    private static func collect(
        _ node: Node, prefix: String, file: String, into found: inout [String: String]
    ) throws {
        for (key, value) in node.mapping ?? [:] {
            let name = prefix + (key.string ?? "?")
            if value.mapping != nil, keys.contains(where: { $0.hasPrefix(name + ".") }) {
                try collect(value, prefix: name + ".", file: file, into: &found)
            } else if keys.contains(name) {
                found[name] = try text(of: value, file: file)
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

    private static func text(of value: Node, file: String) throws -> String {
        let parts = value.sequence.map { $0.map(\.scalar?.string) } ?? [value.scalar?.string]
        let texts = parts.compactMap(\.self)
        guard texts.count == parts.count, texts.count == 1 || !texts.contains(where: { $0.contains(",") }) else {
            throw SettingsError(
                place: file, cause: "a value has a kind that settings do not know",
                nextStep: "values are texts, numbers, true or false, or lists of texts without commas")
        }
        return texts.joined(separator: ",")
    }

    private static func firstLine(of text: String) -> String {
        String(text.split(separator: "\n").first ?? "")
    }
}
