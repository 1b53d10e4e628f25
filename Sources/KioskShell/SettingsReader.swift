import Configuration
import Dialog
import Display
import Evdev
import Ledger

/// Reads only keys that are present, and then insists on their kind: a mistyped value is told, never replaced by a default.
struct SettingsReader {
    let config: ConfigReader
    let present: Set<String>
    let place: String

    func string(_ key: String, into value: inout String) throws {
        try read(key, kind: "a text") { value = try config.requiredString(forKey: ConfigKey(key)) }
    }

    func string(_ key: String, into value: inout String?) throws {
        try read(key, kind: "a text") { value = try config.requiredString(forKey: ConfigKey(key)) }
    }

    func strings(_ key: String, into value: inout [String]) throws {
        try read(key, kind: "a list of texts") { value = try config.requiredStringArray(forKey: ConfigKey(key)) }
    }

    func double(_ key: String, into value: inout Double?) throws {
        try read(key, kind: "a number") { value = try config.requiredDouble(forKey: ConfigKey(key)) }
    }

    func int(_ key: String, into value: inout Int) throws {
        try read(key, kind: "a whole number") { value = try config.requiredInt(forKey: ConfigKey(key)) }
    }

    func int(_ key: String, into value: inout Int?) throws {
        try read(key, kind: "a whole number") { value = try config.requiredInt(forKey: ConfigKey(key)) }
    }

    func bool(_ key: String, into value: inout Bool) throws {
        try read(key, kind: "true or false") { value = try config.requiredBool(forKey: ConfigKey(key)) }
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(_ key: String, into value: inout Value) throws {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        try read(key, kind: "one of \(names)") {
            let text = try config.requiredString(forKey: ConfigKey(key))
            guard let choice = Value(rawValue: text) else { throw refusal(of: key, kind: "one of \(names)") }
            value = choice
        }
    }

    /// A refusal of the value of `key` that names what it must be.
    func refusal(of key: String, kind: String) -> SettingsError {
        SettingsError(
            place: place, cause: "`\(key)` must be \(kind)", nextStep: "correct the value or take the line away")
    }

    private func read(_ key: String, kind: String, _ body: () throws -> Void) throws {
        guard present.contains(key) else { return }
        do { try body() } catch let error as SettingsError { throw error } catch { throw refusal(of: key, kind: kind) }
    }
}

extension KioskSettings {
    mutating func take(from reader: SettingsReader) throws {
        try reader.string("data", into: &dataFolder)
        try reader.string("runtime", into: &runtimeFolder)
        try reader.string("questionnaire", into: &questionnaire)
        var keys: [String] = []
        try reader.strings("release-keys", into: &keys)
        releaseKeys = try keys.map { text in
            guard let key = PublicKey(base64: text) else {
                throw reader.refusal(of: "release-keys", kind: "a list of Ed25519 public keys in base64")
            }
            return key
        }
        try display.take(from: reader)
        try input.take(from: reader)
        try reader.string("maintenance.socket", into: &maintenance.socket)
        try reader.string("maintenance.sticks", into: &maintenance.sticks)
        try dialog.take(from: reader, atPanel: ![.headless, .web].contains(display.backend))
    }
}

extension KioskSettings.DisplayPart {
    fileprivate mutating func take(from reader: SettingsReader) throws {
        try reader.choice("display.backend", into: &backend)
        try reader.string("display.device", into: &device)
        try reader.string("display.connector", into: &connector)
        try reader.string("display.mode", into: &mode)
        try reader.double("display.diagonal-inches", into: &diagonalInches)
        try reader.double("display.viewing-distance-mm", into: &viewingDistanceMillimetres)
        try reader.int("display.web-port", into: &webPort)
        try reader.int("display.wait-seconds", into: &waitSeconds)
        try reader.string("display.console", into: &console)
        if let mode, ModeRequest(mode) == nil {
            throw reader.refusal(of: "display.mode", kind: "WIDTHxHEIGHT or WIDTHxHEIGHT@HERTZ, such as 1920x1080@60")
        }
        if let diagonalInches, !(3...120).contains(diagonalInches) {
            throw reader.refusal(of: "display.diagonal-inches", kind: "3 to 120 inches")
        }
        if let viewingDistanceMillimetres, !(200...2000).contains(viewingDistanceMillimetres) {
            throw reader.refusal(of: "display.viewing-distance-mm", kind: "200 to 2000 millimetres")
        }
        guard (0...3600).contains(waitSeconds) else {
            throw reader.refusal(of: "display.wait-seconds", kind: "0 to 3600 seconds")
        }
        guard (0...65535).contains(webPort) else { throw reader.refusal(of: "display.web-port", kind: "0 to 65535") }
    }

    /// What `Display` needs to know.
    public var deviceSettings: DisplaySettings {
        let isMemory = [.headless, .web].contains(backend)
        return DisplaySettings(
            backend: DisplaySettings.Backend(rawValue: backend.rawValue) ?? .auto, device: device, connector: connector,
            mode: (mode ?? (isMemory ? "1920x1080" : nil)).flatMap { ModeRequest($0) })
    }
}

extension KioskSettings.InputPart {
    fileprivate mutating func take(from reader: SettingsReader) throws {
        try reader.bool("input.grab", into: &grab)
        try reader.string("input.matrix", into: &matrix)
        try reader.int("input.rotation", into: &rotation)
        try reader.strings("input.keys", into: &keys)
        if let matrix, (try? CalibrationMatrix(text: matrix)) == nil {
            throw reader.refusal(of: "input.matrix", kind: "six numbers in a text, such as \"1 0 0 0 1 0\"")
        }
        guard [0, 90, 180, 270].contains(rotation) else {
            throw reader.refusal(of: "input.rotation", kind: "0, 90, 180 or 270")
        }
        guard meanings != nil else { throw reader.refusal(of: "input.keys", kind: "a list like KEY_1=answer-1") }
    }

    /// What `Evdev` needs to know.
    var settings: InputSettings {
        InputSettings(
            grab: grab, matrix: matrix.flatMap { try? CalibrationMatrix(text: $0) },
            rotation: ScreenRotation(rawValue: rotation) ?? .none)
    }

    /// What each key means, by its name; nothing when an entry is not `NAME=MEANING`.
    var meanings: [String: DialogKey]? {
        var meanings: [String: DialogKey] = [:]
        for entry in keys {
            let parts = entry.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let meaning = DialogKey(name: String(parts[1])),
                meanings.updateValue(meaning, forKey: String(parts[0])) == nil
            else { return nil }
        }
        return meanings
    }
}

extension KioskSettings.DialogPart {
    fileprivate mutating func take(from reader: SettingsReader, atPanel: Bool) throws {
        try reader.string("dialog.language", into: &language)
        try reader.int("dialog.warning-ms", into: &warningMilliseconds)
        try reader.int("dialog.reset-ms", into: &resetMilliseconds)
        try reader.int("dialog.arm-ms", into: &armMilliseconds)
        try reader.int("dialog.highlight-ms", into: &highlightMilliseconds)
        try reader.int("dialog.thanks-ms", into: &thanksMilliseconds)
        let least = DialogLimits()
        let times = [
            ("dialog.warning-ms", warningMilliseconds, least.warning),
            ("dialog.reset-ms", resetMilliseconds, least.reset),
            ("dialog.arm-ms", armMilliseconds, least.arm), ("dialog.thanks-ms", thanksMilliseconds, least.thanks),
            ("dialog.highlight-ms", highlightMilliseconds, least.highlightMinimum),
        ]
        for (key, time, least) in times {
            let least = atPanel ? least : 0
            if let time, !(least...600_000).contains(Int64(time)) {
                throw reader.refusal(of: key, kind: "\(least) to 600000 milliseconds")
            }
        }
    }

    /// The dialog's limits with these times.
    var limits: DialogLimits {
        var limits = DialogLimits()
        if let warningMilliseconds { limits.warning = Int64(warningMilliseconds) }
        if let resetMilliseconds { limits.reset = Int64(resetMilliseconds) }
        if let armMilliseconds { limits.arm = Int64(armMilliseconds) }
        if let highlightMilliseconds {
            limits.highlightMinimum = Int64(highlightMilliseconds)
            limits.highlightMaximum = max(limits.highlightMaximum, limits.highlightMinimum)
        }
        if let thanksMilliseconds { limits.thanks = Int64(thanksMilliseconds) }
        return limits
    }
}
