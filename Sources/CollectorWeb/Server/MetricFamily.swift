// Prometheus's text format (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4).
//
// Constraints: one HELP and one TYPE line before the samples of a family; label values escape backslash, quotation mark
// and newline. Format: `name{label="value"} number`. Operations: `text`.

/// One metric with its samples.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable { case counter, gauge }

    let name: String
    let kind: Kind
    let help: String
    let samples: [MetricSample]

    init(_ name: String, _ kind: Kind, _ help: String, _ samples: [MetricSample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    static func text(_ families: [MetricFamily]) -> String {
        families.map(\.text).joined()
    }

    private var text: String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n" + samples.map { $0.text(name) }.joined()
    }
}

/// One number with its labels.
struct MetricSample: Sendable {
    let labels: [(name: String, value: String)]
    let value: Double

    init(_ labels: [(name: String, value: String)], _ value: Double) {
        self.labels = labels
        self.value = value
    }

    fileprivate func text(_ name: String) -> String {
        let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        let number = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
        return name + (list.isEmpty ? "" : "{\(list)}") + " \(number)\n"
    }

    private static func escaped(_ value: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text.append(contentsOf: "\\\\".unicodeScalars)
            case "\"": text.append(contentsOf: "\\\"".unicodeScalars)
            case "\n": text.append(contentsOf: "\\n".unicodeScalars)
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}
