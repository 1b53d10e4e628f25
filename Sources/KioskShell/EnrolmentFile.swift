import FoundationEssentials
import Yams

/// What a technician puts on the boot partition of a flashed disk, `otsenka-enrol.yaml`, so that nobody has to type
/// (`reliability.md` §6.5):
///
///     collector: https://ratings.region.example
///     code: ABCD-EFGH-JKMN-PQRS
///     pin: sha256//BASE64
public struct EnrolmentFile: Equatable, Sendable {
    public var collector: String
    /// One-time; as it was written.
    public var code: String
    public var pin: String?

    public init(collector: String, code: String, pin: String? = nil) {
        self.collector = collector
        self.code = code
        self.pin = pin
    }

    /// Longer is no such file, bytes.
    private static let longest = 4096
    private static let keys = ["collector", "code", "pin"]

    /// Reads the file. Throws `SettingsError` for one that cannot be read, is not YAML, lacks `collector` or `code`, or has
    /// another key; no error repeats the code.
    public static func load(file: String) throws(SettingsError) -> EnrolmentFile {
        guard let data = try? Data(contentsOf: URL(filePath: file)) else {
            throw SettingsError(
                place: file, cause: "the enrolment file cannot be read",
                nextStep: "check that it exists and its permissions")
        }
        guard data.count <= longest else {
            throw SettingsError(
                place: file, cause: "an enrolment file has at most \(longest) bytes, and this one \(data.count)",
                nextStep: "copy it again from what `otsenka-collector kiosk add` printed")
        }
        return try parse(String(decoding: data, as: UTF8.self), place: file)
    }

    /// As `load`, for a text; `place` is what errors name.
    static func parse(_ text: String, place: String) throws(SettingsError) -> EnrolmentFile {
        // A file that was written on Windows may begin with a byte order mark.
        let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        guard let mapping = ((try? Yams.compose(yaml: text, .basic)) ?? nil)?.mapping else {
            throw SettingsError(
                place: place, cause: "this is not a list of `key: value` lines",
                nextStep: "write `collector:`, `code:` and `pin:`, each on a line of its own")
        }
        var found: [String: String] = [:]
        for (key, value) in mapping {
            let name = key.string ?? "?"
            let line = key.mark.map { ":\($0.line)" } ?? ""
            guard keys.contains(name) else {
                throw SettingsError(
                    place: place + line, cause: "there is no key `\(name)` in an enrolment file",
                    nextStep: "the keys are \(keys.joined(separator: ", ")); take the line away")
            }
            guard let word = value.scalar?.string, !word.isEmpty else {
                throw SettingsError(
                    place: place + line, cause: "`\(name)` has no value",
                    nextStep: "write it after the colon, as `otsenka-collector kiosk add` printed it")
            }
            found[name] = word
        }
        for name in ["collector", "code"] where found[name] == nil {
            throw SettingsError(
                place: place, cause: "`\(name)` is missing",
                nextStep: "add the line `\(name): …` as `otsenka-collector kiosk add` printed it")
        }
        return EnrolmentFile(collector: found["collector"] ?? "", code: found["code"] ?? "", pin: found["pin"])
    }
}
