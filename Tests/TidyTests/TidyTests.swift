import Foundation
import Testing

@Suite struct TidyTests {
    @Test func everyFolderOfSourcesIsATargetOfOneLayer() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Checkout.root.appending(path: "Sources").path)
            .filter { $0 != "README.md" }
        let layers = try Checkout.layers()
        #expect(Set(folders) == Set(layers.keys))
        #expect(layers.count > 25)
    }

    @Test func arrowsPointDown() throws {
        let layers = try Checkout.layers()
        var arrows = 0
        for file in try Checkout.swiftFiles(in: "Sources") {
            guard let from = layers[file.target] else { continue }
            for name in file.imports.map(\.module) {
                guard let to = layers[name], name != file.target, name != Self.shimOfGRDB else { continue }
                arrows += 1
                #expect(from.mayImport(to), "\(file): \(from.rawValue) must not import \(name) of \(to.rawValue)")
            }
        }
        #expect(arrows > 50)
    }

    /// GRDB is the wrapper of SQLite; this C module is one variadic call on its handle, for the adapter that uses GRDB.
    private static let shimOfGRDB = "CSQLiteConfiguration"

    @Test func eachCModuleHasOneImporter() throws {
        let modules = try Checkout.layers().filter { $0.value == .cModules }.keys
        var importers: [String: Set<String>] = [:]
        for file in try Checkout.swiftFiles(in: "Sources") + Checkout.swiftFiles(in: "Tests") {
            for name in file.imports.map(\.module) where modules.contains(name) {
                importers[name, default: []].insert(file.target)
            }
        }
        for module in modules {
            #expect(importers[module]?.count == 1, "\(module) is imported by \(importers[module] ?? [])")
        }
    }

    @Test func policyAndVocabularyKnowNoClockDiskOrSocket() throws {
        let forbidden = ["Glibc", "Dispatch", "Foundation", "GRDB", "Hummingbird", "NIOCore", "Logging"]
        let layers = try Checkout.layers()
        for file in try Checkout.swiftFiles(in: "Sources") where [.policy, .vocabulary].contains(layers[file.target]) {
            for item in file.imports where !item.isOneDeclaration {
                #expect(!forbidden.contains(item.module), "\(file) imports \(item.module)")
            }
            for (number, line) in file.lines.enumerated() {
                for call in ["Date()", "Date.now", "ContinuousClock", "SystemRandomNumberGenerator", "FileManager"] {
                    #expect(!line.contains(call), "\(file):\(number + 1) uses \(call); pass it in")
                }
            }
        }
    }

    @Test func nothingInTheSourcesCanTrapOnWhatComesFromOutside() throws {
        for file in try Checkout.swiftFiles(in: "Sources") {
            for (number, line) in file.lines.enumerated()
            where !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
                for word in ["try!", "fatalError(", "as!", "unowned(unsafe)"] {
                    #expect(!line.contains(word), "\(file):\(number + 1) uses \(word)")
                }
            }
        }
    }

    @Test func filesAreSmallEnoughToReadAtOneSitting() throws {
        for file in try Checkout.swiftFiles(in: "Sources") + Checkout.swiftFiles(in: "Tests") {
            #expect(file.lines.count <= 450, "\(file) has \(file.lines.count) lines; make two rooms of it")
        }
    }

    @Test func nothingIsLeftForLater() throws {
        for file in try Checkout.swiftFiles(in: "Sources") + Checkout.swiftFiles(in: "Tests")
        where file.target != "TidyTests" {
            for (number, line) in file.lines.enumerated() {
                // Six of them are mkstemp's template, which says nothing of work left over.
                let line = line.replacing("XXXXXX", with: "")
                for word in ["TODO", "FIXME", "XXX", "Placeholder"] {
                    #expect(!line.contains(word), "\(file):\(number + 1) says \(word)")
                }
            }
        }
    }

    @Test func theFormatIsTheHouseFormat() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["swift", "format", "lint", "-s", "-r", "Sources", "Tests", "Package.swift"]
        process.currentDirectoryURL = Checkout.root
        let output = Pipe()
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let report = text.components(separatedBy: "\n").prefix(12).joined(separator: "\n")
        #expect(process.terminationStatus == 0, "run `make format`:\n\(report)")
    }

    @Test func theReadmeFitsItsPromise() throws {
        let text = try String(contentsOf: Checkout.root.appending(path: "README.md"), encoding: .utf8)
        #expect(text.components(separatedBy: "\n").count <= 200)
        for folder in ["Sources", "Tests", "kiosk-image", "systemd"] {
            let readme = Checkout.root.appending(path: folder).appending(path: "README.md")
            #expect(FileManager.default.fileExists(atPath: readme.path), "\(folder) has no README.md")
        }
    }
}
