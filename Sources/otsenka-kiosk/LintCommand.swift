import ArgumentParser
import DialogScreens
import Drawing
import FoundationEssentials

/// Checks a questionnaire and measures every screen of it against the rules of legibility and reach.
struct LintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Check a questionnaire, and measure its screens as they would be drawn.",
        discussion: """
            Measured are the size of targets and the room between them, the height of letters for the viewing \
            distance, contrast, and texts that are cut, run over or lie upon one another. Without --size the usual \
            panels are tried: \(usualPanels.map(\.name).joined(separator: ", ")). \
            Exit status 65 when anything is wrong.
            """)

    @OptionGroup var panel: PanelOptions

    @Flag(help: "Print all findings as a JSON array.")
    var json = false

    func run() throws {
        let questionnaire = try panel.loadQuestionnaire()
        let typesetter = try panel.openTypesetter()
        let findings = panels.flatMap { name, geometry in
            ScreenPainter(geometry: geometry, questionnaire: questionnaire, typesetter: typesetter)
                .lint(questionnaire).map { Finding(panel: name, violation: $0) }
        }
        if json { try printJSON(findings) } else { printText(findings, questionnaire: questionnaire.reference) }
        guard findings.isEmpty else { throw ExitCode(65) }
    }

    private static let usualPanels: [(name: String, width: Int, height: Int, inches: Double)] = [
        ("1920x1080 21.5\"", 1920, 1080, 21.5), ("1280x800 10.1\"", 1280, 800, 10.1),
        ("1024x768 15\"", 1024, 768, 15), ("800x480 7\"", 800, 480, 7), ("1080x1920 21.5\"", 1080, 1920, 21.5),
    ]

    private var panels: [(name: String, geometry: ScreenGeometry)] {
        if let size = panel.size {
            let geometry = panel.geometry(size)
            let name =
                "\(size.width)x\(size.height), \(Int(geometry.widthMillimetres))x\(Int(geometry.heightMillimetres)) mm"
            return [(name, geometry)]
        }
        return Self.usualPanels.map { usual in
            (
                usual.name,
                ScreenGeometry(
                    width: usual.width, height: usual.height, diagonalInches: panel.diagonalInches ?? usual.inches,
                    viewingDistanceMillimetres: panel.viewingDistance)
            )
        }
    }

    private struct Finding: Encodable {
        var panel: String
        var violation: LayoutViolation

        private enum CodingKeys: String, CodingKey {
            case panel, screen, language, rule, subject, measured, required
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(panel, forKey: .panel)
            try container.encode(violation.screen, forKey: .screen)
            try container.encode(violation.language, forKey: .language)
            try container.encode(violation.rule.rawValue, forKey: .rule)
            try container.encode(violation.subject, forKey: .subject)
            try container.encode(violation.measured, forKey: .measured)
            try container.encode(violation.required, forKey: .required)
        }
    }

    /// The same fault on many screens is printed once, with their number.
    private func printText(_ findings: [Finding], questionnaire: String) {
        var order: [String] = []
        var groups: [String: [Finding]] = [:]
        for finding in findings {
            let key = "\(finding.panel) \(finding.violation.rule.rawValue) \(finding.violation.subject)"
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(finding)
        }
        for key in order {
            guard let group = groups[key], let first = group.first else { continue }
            let others = group.count > 1 ? " (and on \(group.count - 1) more screens)" : ""
            print("\(first.panel) \(first.violation)\(others)")
        }
        let result = findings.isEmpty ? "no fault" : "\(order.count) faults"
        print("\(questionnaire) on \(panels.map(\.name).joined(separator: ", ")): \(result)")
    }
}
