import FoundationEssentials
import Glibc

/// The folder of one run of a bench or a torture, and the programs that it starts.
public struct Place: Sendable {
    public let folder: String
    public let programs: String

    /// Makes the folder in `parent`.
    public init(under parent: String, programs: String, named name: String = "otsenka-bench") throws {
        for name in ["otsenka-kiosk", "otsenka-collector"] where access("\(programs)/\(name)", X_OK) != 0 {
            throw ChildError("\(programs)/\(name) is missing; build it with: swift build --product \(name)")
        }
        // Short, because a Unix socket's path may have 107 bytes.
        var template = Array("\(parent)/\(name).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ChildError("no folder can be made in \(parent) (errno \(errno)); choose another with --under")
        }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.programs = programs
    }

    public func program(_ name: String) -> String { "\(programs)/\(name)" }

    public func subfolder(_ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    public func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// The folder of the program that is running.
    public static func ownFolder() throws -> String {
        guard let path = realpath("/proc/self/exe", nil) else {
            throw ChildError("/proc/self/exe cannot be read; say where the programs are with --programs")
        }
        defer { free(path) }
        return String(String(cString: path).reversed().drop { $0 != "/" }.dropFirst().reversed())
    }
}
