import Foundation
import SeededRandom
import Testing

@testable import Decoders

/// What fuzzing has found worth keeping, and what grows out of it, goes through every decoder.
@Suite struct CorpusTests {
    static let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    @Test(arguments: Decoder.all.map(\.name)) func everySeedAndEveryKeptInputComesBack(name: String) throws {
        let decoder = try #require(Decoder.named(name))
        let seeds = try decoder.seeds()
        #expect(!seeds.isEmpty)
        for input in seeds + (try Self.kept(name)) { decoder.take(input) }
    }

    @Test(arguments: Decoder.all.map(\.name)) func mutationsComeBack(name: String) throws {
        let decoder = try #require(Decoder.named(name))
        let inputs = try decoder.seeds() + Self.kept(name)
        var random = SplitMix(11)
        for _ in 0..<300 {
            guard var bytes = inputs.randomElement(using: &random).map({ [UInt8]($0) }), !bytes.isEmpty else {
                continue
            }
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                case 2 where bytes.count > 1: bytes.remove(at: index)
                default: bytes = Array(bytes[..<index]) + bytes
                }
            }
            decoder.take(Data(bytes.prefix(1 << 16)))
        }
    }

    /// The sources whose lines the corpus must reach are there.
    @Test(arguments: Decoder.all.map(\.name)) func itsSourcesExist(name: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        for source in try #require(Decoder.named(name)).sources {
            #expect(FileManager.default.fileExists(atPath: root.appending(path: "Sources/\(source)").path))
        }
    }

    private static func kept(_ name: String) throws -> [Data] {
        let folder = corpus.appending(path: name)
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }.map { try Data(contentsOf: $0) }
    }
}
