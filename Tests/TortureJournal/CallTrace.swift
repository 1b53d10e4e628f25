import FoundationEssentials
import Glibc
import RealPrograms

/// What one journal-writer did to the files of its directory and what it said, in order, as strace(1) recorded it.
///
/// Recorded at the system calls, below SQLite's VFS, because the note, the key, the ballast and the directory do not go
/// through SQLite and belong to the same disk.
enum TracedCall {
    case create(name: String)
    case write(name: String, offset: Int, bytes: [UInt8])
    case resize(name: String, size: Int)
    /// fallocate(2): at least so large from now on.
    case allocate(name: String, size: Int)
    case synchronise(name: String)
    case synchroniseDirectory
    case rename(from: String, to: String)
    case unlink(name: String)
    case say(String)
}

/// Reads the output of `strace -f -xx`.
struct CallTrace {
    private struct Descriptor {
        var name: String
        var offset = 0
    }

    private static let calls = [
        "openat", "close", "write", "pwrite64", "ftruncate", "truncate", "fallocate", "fsync", "fdatasync", "rename",
        "unlink",
    ]
    /// Calls that would change a file without being understood here: one of them ends the torture.
    private static let foreign = [
        "renameat", "renameat2", "unlinkat", "creat", "pwritev", "writev", "link", "sendfile",
    ]

    private(set) var calls: [TracedCall] = []
    private let directory: String
    private var open: [Int: Descriptor] = [:]
    private var names: Set<String> = []
    private var unfinished: [Substring: String] = [:]

    /// Runs a journal-writer in `directory` and records it.
    static func record(_ arguments: [String], in directory: String, at place: Place) throws -> [TracedCall] {
        let log = directory + ".trace"
        defer { try? FileManager.default.removeItem(atPath: log) }
        let writer = try Writer(
            [directory] + arguments, at: place,
            wrapper: [
                "strace", "-f", "-o", log, "-xx", "-s", "4000000", "-e", "signal=none", "-e",
                "trace=" + (calls + foreign).joined(separator: ","),
            ])
        let said = try writer.readToEnd()
        guard writer.end() == 0 else { throw ChildError("the writer failed: \(said.last ?? "it said nothing")") }
        var trace = CallTrace(directory: directory)
        for line in try String(contentsOf: URL(filePath: log), encoding: .utf8).split(separator: "\n") {
            try trace.read(line)
        }
        return trace.calls
    }

    private init(directory: String) { self.directory = directory }

    private mutating func read(_ line: Substring) throws {
        guard let space = line.firstIndex(of: " ") else { return }
        let process = line[..<space]
        var text = String(line[space...].drop { $0 == " " })
        if text.hasSuffix("<unfinished ...>") {
            unfinished[process] = String(text.dropLast("<unfinished ...>".count))
            return
        }
        if text.hasPrefix("<... "), let rest = text.range(of: "resumed>") {
            text = (unfinished.removeValue(forKey: process) ?? "") + text[rest.upperBound...]
        }
        guard let bracket = text.firstIndex(of: "("), let end = text.range(of: ") ", options: .backwards),
            let equals = text.range(of: "= ", range: end.upperBound..<text.endIndex)
        else { return }
        let result = text[equals.upperBound...].prefix { $0 == "-" || $0.isNumber }
        guard let value = Int(result), value >= 0 else { return }
        let words = text[text.index(after: bracket)..<end.lowerBound].split(separator: ",").map {
            String($0.drop { $0 == " " })
        }
        try take(String(text[..<bracket]), words, value)
    }

    private mutating func take(_ call: String, _ words: [String], _ result: Int) throws {
        switch call {
        case "openat": try opened(words, result)
        case "close": open[Int(words[0]) ?? -1] = nil
        case "write":
            let bytes = try Self.bytes(words[1])
            if words[0] == "1" {
                say(bytes)
            } else {
                try write(words[0], bytes, at: nil, result)
            }
        case "pwrite64": try write(words[0], Self.bytes(words[1]), at: Int(words[3]), result)
        case "ftruncate": try onName(words[0]) { .resize(name: $0, size: Int(words[1]) ?? 0) }
        case "truncate":
            if let name = try name(words[0]) { calls.append(.resize(name: name, size: Int(words[1]) ?? 0)) }
        case "fallocate":
            try onName(words[0]) { .allocate(name: $0, size: (Int(words[2]) ?? 0) + (Int(words[3]) ?? 0)) }
        case "fsync", "fdatasync":
            try onName(words[0]) { $0.isEmpty ? .synchroniseDirectory : .synchronise(name: $0) }
        case "rename":
            guard let old = try name(words[0]), let new = try name(words[1]) else { return }
            names.remove(old)
            names.insert(new)
            for (number, descriptor) in open where descriptor.name == old { open[number]?.name = new }
            calls.append(.rename(from: old, to: new))
        case "unlink":
            guard let name = try name(words[0]) else { return }
            names.remove(name)
            calls.append(.unlink(name: name))
        default: throw ChildError("the writer called \(call), which the model of the disk does not know")
        }
    }

    private mutating func opened(_ words: [String], _ descriptor: Int) throws {
        guard let name = try name(words[1]) else {
            open[descriptor] = nil
            return
        }
        open[descriptor] = Descriptor(name: name)
        guard !name.isEmpty else { return }
        if words[2].contains("O_CREAT"), names.insert(name).inserted { calls.append(.create(name: name)) }
        if words[2].contains("O_TRUNC") { calls.append(.resize(name: name, size: 0)) }
    }

    private mutating func write(_ word: String, _ bytes: [UInt8], at place: Int?, _ count: Int) throws {
        guard let number = Int(word), let descriptor = open[number] else { return }
        guard bytes.count >= count else { throw ChildError("strace cut \(descriptor.name) short") }
        let offset = place ?? descriptor.offset
        if place == nil { open[number]?.offset += count }
        calls.append(.write(name: descriptor.name, offset: offset, bytes: Array(bytes.prefix(count))))
    }

    private mutating func onName(_ word: String, _ call: (String) -> TracedCall) throws {
        guard let number = Int(word), let descriptor = open[number] else { return }
        calls.append(call(descriptor.name))
    }

    private mutating func say(_ bytes: [UInt8]) {
        for line in bytes.split(separator: 0x0A) { calls.append(.say(String(decoding: line, as: UTF8.self))) }
    }

    /// The name in the directory, "" for the directory itself, nothing for a file elsewhere.
    private func name(_ word: String) throws -> String? {
        let path = String(decoding: try Self.bytes(word), as: UTF8.self)
        if path == directory { return "" }
        guard path.hasPrefix(directory + "/") else { return nil }
        return String(path.dropFirst(directory.count + 1))
    }

    /// The bytes of `"\x61\x62"`.
    private static func bytes(_ word: String) throws -> [UInt8] {
        let text = Array(word.utf8)
        guard text.first == 0x22, text.last == 0x22, (text.count - 2) % 4 == 0 else {
            throw ChildError("strace wrote \(word.prefix(40))")
        }
        // "\x61": the digits stand two after the backslash.
        return stride(from: 3, to: text.count - 1, by: 4).map { digit(text[$0]) << 4 | digit(text[$0 + 1]) }
    }

    private static func digit(_ character: UInt8) -> UInt8 {
        character >= 0x61 ? character - 0x61 + 10 : character - 0x30
    }
}
