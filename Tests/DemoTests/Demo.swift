import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A real `make demo`, driven as a person would drive it: two addresses and nothing else.
final class Demo {
    let folder: URL
    let collector: URL
    let kiosk: URL
    private let process = Process()

    /// Where the programs of this build are.
    static var programs: URL {
        // The test bundle stands beside the programs.
        Bundle.main.executableURL.map { $0.deletingLastPathComponent() } ?? URL(filePath: ".build/debug")
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Starts the demo on free ports and waits until it has printed both addresses.
    init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "otsenka-demo-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let ports = try (FreePort.take(), FreePort.take())
        collector = try Self.address(ports.0)
        kiosk = try Self.address(ports.1)
        var environment = ProcessInfo.processInfo.environment
        environment["DEMO_DIR"] = folder.path
        environment["DEMO_COLLECTOR_PORT"] = String(ports.0)
        environment["DEMO_KIOSK_PORT"] = String(ports.1)
        environment["OTSENKA_BIN"] = Self.programs.path
        // A visitor needs two seconds of thanks; two hundred of them in a test do not.
        environment["OTSENKA_DIALOG_THANKS_MS"] = "40"
        environment["OTSENKA_DIALOG_ARM_MS"] = "0"
        environment["OTSENKA_DIALOG_HIGHLIGHT_MS"] = "0"
        environment["OTSENKA_DISPLAY_MODE"] = "1024x768"
        process.executableURL = URL(filePath: "/usr/bin/make")
        process.arguments = ["demo"]
        process.currentDirectoryURL = Self.root
        process.environment = environment
        let output = folder.appending(path: "output")
        guard FileManager.default.createFile(atPath: output.path, contents: nil) else {
            throw DemoError.never("a file for the demo's output")
        }
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        // The demo's own limits end it when a program does not come up.
        while process.isRunning {
            if try String(contentsOf: output, encoding: .utf8).contains("otsenka: press answers") { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw DemoError.ended(status: process.terminationStatus)
    }

    /// Ends it at once. Foundation starts children with SIGINT and SIGTERM blocked, so a shell would never hear Ctrl-C.
    func stop() {
        for program in ["uplink", "kiosk", "collector"] {
            if let id = try? processID(of: program) { kill(id, SIGKILL) }
        }
        // With its programs gone the demo ends by itself.
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The process id of one of its programs.
    func processID(of program: String) throws -> Int32 {
        let text = try String(contentsOf: folder.appending(path: program + ".pid"), encoding: .utf8)
        guard let id = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { throw DemoError.noProcess }
        return id
    }

    private static func address(_ port: Int) throws -> URL {
        guard let url = URL(string: "http://127.0.0.1:\(port)") else { throw DemoError.noProcess }
        return url
    }
}

enum DemoError: Error {
    case ended(status: Int32)
    case noProcess
    case status(Int, String)
    case never(String)
}

/// A port that nobody listens on now.
enum FreePort {
    static func take() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let taken = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard taken else { throw DemoError.never("a free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
