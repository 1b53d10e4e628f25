import Foundation
import Testing

/// Runs scenarios of Tests/kernel-bench in a kernel of their own.
enum KernelBench {
    struct Result {
        var status: Int32
        /// What the scenario and the runner printed.
        var output: String
        /// Where pictures and the kernel's messages are.
        var folder: URL
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "kernel-bench")

    /// Where this run's programs are: beside the test runner.
    static func program(_ name: String) throws -> URL {
        let runner = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: runner).deletingLastPathComponent().appending(path: name)
    }

    /// `runner` is for the environment of run-uml.sh (UML_…), `scenario` for that of the scenario.
    static func run(
        _ scenario: URL, runner: [String: String] = [:], environment: [String: String] = [:]
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kernel-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let assignments = environment.map { "\($0.key)='\($0.value)'\n" }.joined()
        try Data(assignments.utf8).write(to: folder.appending(path: "environment"))

        // A file rather than a pipe: nobody has to read while the kernel runs.
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let process = Process()
        process.executableURL = Self.folder.appending(path: "run-uml.sh")
        process.arguments = [scenario.path, folder.path]
        process.environment = ProcessInfo.processInfo.environment
            .merging(["UML_TIMEOUT": "120"]) { $1 }.merging(runner) { $1 }
        process.standardInput = FileHandle.nullDevice
        let handle = try FileHandle(forWritingTo: log)
        process.standardOutput = handle
        process.standardError = handle
        // Waiting in a blocked thread would take one of the few that all tests of the run share.
        try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { _ in continuation.resume() }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        try handle.close()
        let output = String(decoding: try Data(contentsOf: log), as: UTF8.self)
        return Result(status: process.terminationStatus, output: output, folder: folder)
    }

    /// Runs one of the kept scenarios and records everything that it printed when it fails; then the folder stays.
    /// Gives what it printed.
    @discardableResult
    static func expectSuccess(
        _ name: String, runner: [String: String] = [:], environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let scenario = folder.appending(path: "scenarios").appending(path: name)
        let result = try await run(scenario, runner: runner, environment: environment)
        guard result.status == 0 else {
            Issue.record(
                "\(name) ended with \(result.status); see \(result.folder.path)\n\(result.output)",
                sourceLocation: sourceLocation)
            return result.output
        }
        try FileManager.default.removeItem(at: result.folder)
        return result.output
    }

    /// Only an explicit wish skips: a kernel that is missing is a failure.
    static var isWanted: Bool {
        ProcessInfo.processInfo.environment["OTSENKA_SKIP_KERNEL"] != "1"
    }

    /// The processes of this machine that belong to a run: each of them has the folder on its command line.
    static func processes(of folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { entry in
            guard Int(entry) != nil, let line = try? Data(contentsOf: URL(filePath: "/proc/\(entry)/cmdline")) else {
                return false
            }
            return String(decoding: line, as: UTF8.self).contains(folder.path)
        }
    }
}
