import FoundationEssentials
import KioskControl

/// A kiosk's folders after enrolment with a collector of its own, ready for the real programs to run on.
public final class EnrolledKiosk {
    public static let width = 1920
    public static let height = 1080

    public let region: Region
    public let folder: String
    public var log: String { folder + "/kiosk.log" }
    private let place: Place
    private var program: String { place.program("otsenka-kiosk") }
    private var runtime: String { folder + "/run" }

    /// Makes collector and kiosk in subfolders that begin with `name`, and enrols the one with the other.
    public init(_ name: String, at place: Place) throws {
        self.place = place
        folder = try place.subfolder(name)
        region = try Region(name + "-region", at: place)
        let settings = """
            data: \(folder)/data
            runtime: \(folder)/run
            display:
              backend: headless
              mode: \(Self.width)x\(Self.height)

            """
        try Data(settings.utf8).write(to: URL(filePath: folder + "/kiosk.yaml"))
        let code = try region.add("bench-\(name)")
        let kiosk = try run()
        try waitUntilItAnswers()
        _ = try Child.output(
            [
                program, "enrol", "--runtime-dir", runtime, "--state-dir", folder + "/uplink", "--allow-plain-loopback",
                "--collector", region.address, "--code", code,
            ], log: folder + "/enrol.log")
        kiosk.end()
    }

    /// `otsenka-kiosk run`, the words of `wrapper` before it.
    public func run(wrapper: [String] = [], environment: [String: String] = [:]) throws -> Child {
        try Child(
            wrapper + [program, "run", "--settings", folder + "/kiosk.yaml"], environment: environment, log: log)
    }

    public func uplink() throws -> Child {
        try Child(
            [
                program, "uplink", "--runtime-dir", runtime, "--state-dir", folder + "/uplink",
                "--allow-plain-loopback",
                "--fast",
            ], log: folder + "/uplink.log")
    }

    public func status() throws -> KioskStatus {
        let printed = try Child.output(
            [program, "status", "--runtime-dir", runtime, "--json"], log: folder + "/status.log")
        return try ControlCoding.decode(KioskStatus.self, from: printed)
    }

    public func waitUntilItAnswers() throws { _ = try wait(for: "the kiosk", log: log) { try? status() } }
}
