import Foundation
import Testing

/// The sandboxes as systemd rates them. The score says nothing about running; the image's tests start the units.
@Suite struct UnitFileTests {
    /// The threshold is ten times the score that may not be exceeded.
    @Test(arguments: [
        ("otsenka-kiosk", 10), ("otsenka-uplink", 15), ("otsenka-collector", 15), ("otsenka-maintain@", 45),
    ])
    func theSandboxIsTight(unit: String, threshold: Int) throws {
        let run = try analyze(
            "security", "--offline=true", "--threshold=\(threshold)", "systemd/\(unit).service")
        #expect(run.status == 0, "\(run.output.suffix(400))")
    }

    @Test func aLooserUnitIsFound() throws {
        #expect(try analyze("security", "--offline=true", "--threshold=5", "systemd/otsenka-kiosk.service").status != 0)
    }

    private func analyze(_ arguments: String...) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/systemd-analyze")
        process.arguments = arguments
        process.currentDirectoryURL = Checkout.root
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
