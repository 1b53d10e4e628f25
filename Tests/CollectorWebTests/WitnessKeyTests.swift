import Collecting
import Foundation
import Ledger
import Testing
import Wire

@testable import CollectorWeb

/// A region changes its receipt key, and its witness follows; nobody else can lead it away.
@Suite struct WitnessKeyTests {
    private static let name = "a.example"

    /// A region's list of heads, signed with one of its keys.
    private static func list(_ number: Int64, after last: HeadsList?, by key: SigningKey) throws -> SignedHeads {
        let text = [
            "otsenka/heads/\(name)", "list \(number)", "day 2026-11-22", "time \(1_795_336_800 + number)",
            "key \(key.publicKey)", "previous \(last?.hash ?? HeadsList.beginning(of: name))",
            "events 0 \(ChainHash(of: Data("otsenka events\n".utf8)))", "",
        ].joined(separator: "\n")
        return try SignedHeads(try #require(HeadsList(text: text)), signedWith: key)
    }

    private static func succession(_ generation: Int, from old: SigningKey, to new: SigningKey) throws -> String {
        try KeySuccession(
            .receipt, of: name, generation: generation, from: old.publicKey, to: new, time: 1_795_336_800,
            signedBy: [old]
        ).serialized
    }

    private func temporary(_ body: (WitnessFolder, SigningKey) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "otsenka-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        let witness = try WitnessFolder.create(path, name: "w.example", hosts: ["localhost"], now: 1_795_336_800)
        let first = SigningKey()
        try witness.add(WitnessedRegion(name: Self.name, key: first.publicKey))
        try body(witness, first)
    }

    private func refusal(_ body: () throws -> Void) -> WitnessRefusal.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? WitnessRefusal)?.code
        }
    }

    @Test func `a new receipt key counts once the old one has signed it, and the old one no longer`() throws {
        try temporary { witness, first in
            let (second, third) = (SigningKey(), SigningKey())
            let one = try Self.list(1, after: nil, by: first)
            _ = try witness.cosign(one.serialized, now: 1)
            let two = try Self.list(2, after: one.list, by: third)
            #expect(refusal { _ = try witness.cosign(two.serialized, now: 2) } == .unsigned)
            // Two changes at once, as after a month without a connection; in any order.
            let notes = [
                try Self.succession(3, from: second, to: third), try Self.succession(2, from: first, to: second),
            ]
            #expect(try witness.follow(notes, of: Self.name).count == 3)
            #expect(try WitnessFolder(witness.data.path).follow([], of: Self.name).last == third.publicKey)
            _ = try witness.cosign(two.serialized, now: 2)
            let stolen = try Self.list(3, after: two.list, by: second)
            #expect(refusal { _ = try witness.cosign(stolen.serialized, now: 3) } == .unsigned)
            _ = try witness.cosign(try Self.list(3, after: two.list, by: third).serialized, now: 3)
            #expect(try witness.last(of: Self.name) == 3)
            // The operator repeats what was said at the beginning.
            try witness.add(WitnessedRegion(name: Self.name, key: first.publicKey))
        }
    }

    @Test func `a key that was stolen after its succession founds no second region`() throws {
        try temporary { witness, first in
            let (second, thief) = (SigningKey(), SigningKey())
            try witness.follow([try Self.succession(2, from: first, to: second)], of: Self.name)
            for generation in [2, 3, 9] {
                let forged = try Self.succession(generation, from: first, to: thief)
                #expect(try witness.follow([forged], of: Self.name) == [first.publicKey, second.publicKey])
            }
            let own = try Self.succession(3, from: thief, to: SigningKey())
            #expect(try witness.follow([own, "junk"], of: Self.name).count == 2)
            #expect(refusal { try witness.follow([], of: "b.example") } == .unknownRegion)
            // Back to a key that was left is no way either.
            let back = try Self.succession(3, from: second, to: first)
            #expect(try witness.follow([back], of: Self.name).count == 2)
        }
    }
}
