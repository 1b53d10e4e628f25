import ArgumentParser
import CollectorWeb
import FoundationEssentials

extension KeyOption: ExpressibleByArgument {}

/// The keys that a collector can give to new ones.
enum KeyOption: String, CaseIterable { case receipt, authority }

struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Change the collector's keys; show them.", subcommands: [Rotate.self, Publish.self, Show.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a key to a new one, which the old one signs.",
            discussion: """
                receipt: signs receipts and the store's seals. authority: the TLS authority that kiosks believe. Kiosks \
                follow by themselves, also those that were offline for several changes. Make a backup right after: with \
                an older one, kiosks that have followed would not believe the restored collector.
                """)

        @OptionGroup var folder: FolderOption

        @Argument(help: "receipt or authority.")
        var key: KeyOption

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() async throws {
            let facts = try await Key.change(key == .receipt ? .rotateReceipt : .rotateAuthority, folder)
            if json { return try printJSON(facts) }
            print(
                "The \(key.rawValue) key is changed, kiosks follow by themselves. Make a backup now: otsenka-collector "
                    + "backup --dir \(folder.path) --to FILE")
        }
    }

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish the succession of a release key, which is made where releases are made.")

        @OptionGroup var folder: FolderOption

        @Argument(help: "The file with its signed note.")
        var file: String

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() async throws {
            guard let data = try? Data(contentsOf: URL(filePath: file)), data.count <= 4096 else {
                throw CollectorFailure(.data, "\(file) cannot be read, or is longer than a note; check the path")
            }
            let facts = try await Key.change(.publish(note: String(decoding: data, as: UTF8.self)), folder)
            if json { return try printJSON(facts) }
            print("Published: kiosks that trust the old release key trust the new one once they have seen it.")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show which generation the keys are.")

        @OptionGroup var folder: FolderOption

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() async throws {
            let facts: KeyFacts = try await StaffClient(folder.open()).ask("GET", "/admin/keys") { try $0.keys() }
            if json { return try printJSON(facts) }
            print(
                """
                Receipt key     generation \(facts.receiptGeneration), \(facts.receiptKey)
                TLS authority   generation \(facts.authorityGeneration)
                Release keys    \(facts.releases) successions published
                """)
        }
    }

    private static func change(_ order: KeyOrder, _ folder: FolderOption) async throws -> KeyFacts {
        try await StaffClient(folder.open()).ask("POST", "/admin/keys", body: try JSONEncoder().encode(order)) {
            try await $0.change(order)
        }
    }
}
