import Foundation

/// `otsenka-kiosk` of this build, as a process.
final class Program {
    struct Run {
        var status: Int32
        var output: String
        var errors: String
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The test runner stands beside the programs.
    private static func program() throws -> URL {
        let runner = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: runner).deletingLastPathComponent().appending(path: "otsenka-kiosk")
    }

    private let process = Process()
    private let output: URL
    private let errors: URL

    private init(_ arguments: [String]) throws {
        let name = UUID().uuidString
        output = FileManager.default.temporaryDirectory.appending(path: "\(name).out")
        errors = FileManager.default.temporaryDirectory.appending(path: "\(name).err")
        for file in [output, errors] { try Data().write(to: file) }
        process.executableURL = try Self.program()
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
    }

    /// Runs it to its end; a program that does not end within two minutes is killed, which no status of ours looks like.
    static func run(_ arguments: String...) throws -> Run { try run(arguments) }

    static func run(_ arguments: [String]) throws -> Run {
        let program = try Program(arguments)
        for _ in 0..<6000 where program.process.isRunning { usleep(20_000) }
        if program.process.isRunning { kill(program.process.processIdentifier, SIGKILL) }
        program.process.waitUntilExit()
        return Run(
            status: program.process.terminationStatus, output: try String(contentsOf: program.output, encoding: .utf8),
            errors: program.log)
    }

    static func start(_ arguments: String...) throws -> Program { try Program(arguments) }

    /// What it has written to standard error so far.
    var log: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Waits until the log has this text; false when the program ended first.
    func waitForLog(_ text: String) -> Bool {
        while !log.contains(text) {
            guard process.isRunning else { return log.contains(text) }
            usleep(20_000)
        }
        return true
    }

    /// Ends it as a service manager does; gives its status.
    @discardableResult
    func end() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}
