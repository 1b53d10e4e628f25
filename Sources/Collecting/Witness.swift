// The witness (`reliability.md` §6.5a): another operator, who cosigns a region's lists of heads.
//
// Constraints: a region, with all its keys, must not be able to show two pasts; so a witness signs a list only if it
// follows the last one that it signed for that region, forever, and keeps every list that it signed. The first list of
// a region is taken as it is: what a witness vouches for is that nothing changed since. Pure: a witness is what it
// signed last; the folder and the network are `WitnessFolder`'s and the routes'.

import FoundationEssentials
import Ledger
import Wire

/// Whose lists a witness cosigns.
public struct WitnessedRegion: Codable, Equatable, Sendable {
    /// The collector's name.
    public var name: String
    /// Its receipt key when the witness was told of the region.
    public var key: PublicKey
    /// The notes by which that key passed to newer ones, in order; nothing while it has not.
    public private(set) var successions: [String]?

    public init(name: String, key: PublicKey) {
        self.name = name
        self.key = key
    }

    /// Its receipt keys, oldest first. A succession that a file of a witness does not prove ends them.
    public var keys: [PublicKey] {
        let proved = (successions ?? []).compactMap { try? KeySuccession(parsing: $0) }
        return KeySuccession.keys(.receipt, of: name, from: key, over: proved)
    }

    /// Follows the region to newer receipt keys, as `GET /v1/keys` publishes them; what is known already, or belongs
    /// to another key, is passed over. Gives how many are new. An older key cannot name another successor any more:
    /// whoever has stolen it must not be able to found a second region.
    public mutating func follow(_ notes: [String]) -> Int {
        let offered = notes.prefix(KeySuccession.maximumCount).compactMap { try? KeySuccession(parsing: $0) }
        let known = keys
        let new = KeySuccession.path(.receipt, of: name, from: known.last ?? key, over: offered)
            .filter { succession in succession.newKey.map { !known.contains($0) } ?? false }
        if !new.isEmpty { successions = (successions ?? []) + new.map(\.serialized) }
        return new.count
    }
}

/// Why a witness does not cosign.
public struct WitnessRefusal: Error, Codable, Equatable, Sendable, CustomStringConvertible {
    public enum Code: String, Codable, Sendable {
        /// Not a list that the region's key signed.
        case unsigned
        /// Nobody has told the witness to look after this region.
        case unknownRegion = "unknown_region"
        /// It does not follow what the witness signed last.
        case inconsistent
    }

    public var code: Code
    public var message: String
    /// The number of the list that the witness signed last.
    public var last: Int64?
    public var objection: HeadsObjection?

    public init(_ code: Code, _ message: String, last: Int64? = nil, objection: HeadsObjection? = nil) {
        self.code = code
        self.message = message
        self.last = last
        self.objection = objection
    }

    public var description: String { message }
}

/// What a witness knows of one region.
public struct WitnessState: Sendable {
    public let region: WitnessedRegion
    /// The list that it signed last; nothing at the beginning.
    public private(set) var last: SignedHeads?

    public init(region: WitnessedRegion, last: SignedHeads?) {
        self.region = region
        self.last = last
    }

    /// Whether the list may be cosigned; the state then holds it as the last one. A list that was signed already, and
    /// is the last one, may be cosigned again. Throws `WitnessRefusal`.
    public mutating func judge(_ list: SignedHeads) throws(WitnessRefusal) {
        let keys = region.keys
        guard list.list.collector == region.name, let index = keys.firstIndex(of: list.list.key) else {
            throw WitnessRefusal(
                .unsigned,
                "the list is one of \(list.list.collector) with the key \(list.list.key), not of \(region.name) with "
                    + "\(keys.last ?? region.key); if the region has changed its key, send its /v1/keys first "
                    + "(`otsenka-collector witness rekey`), otherwise compare the keys with the region")
        }
        if let last, let before = keys.firstIndex(of: last.list.key), index < before {
            throw WitnessRefusal(
                .unsigned,
                "the list is signed with a key of \(region.name) that has had a successor since list "
                    + "\(last.list.number); ask the region who still uses the old one", last: last.list.number)
        }
        if let last, last.list != list.list, let objection = Self.objection(to: list.list, after: last.list) {
            throw WitnessRefusal(
                .inconsistent, "the list does not follow the one that was cosigned last: \(objection)",
                last: last.list.number, objection: objection)
        }
        last = list
    }

    private static func objection(to list: HeadsList, after last: HeadsList) -> HeadsObjection? {
        if list.number == last.number, list != last {
            return HeadsObjection(
                "another list \(list.number) was cosigned before: the region shows two pasts",
                lines: ["list \(last.number) that was cosigned has the hash \(last.hash)", "this one has \(list.hash)"]
                    + differences(last, list))
        }
        return last.objection(to: list)
    }

    /// The first lines in which two lists differ, of both.
    private static func differences(_ old: HeadsList, _ new: HeadsList) -> [String] {
        for head in old.heads where new[head.name] != head {
            return [head.line] + (new[head.name].map { [$0.line] } ?? [])
        }
        return []
    }
}

/// How a collector reaches its witness.
public protocol WitnessClient: Sendable {
    /// Its name and key, as they were given to the collector.
    var name: String { get }
    var key: PublicKey { get }

    /// The number of the list of `region` that it signed last; nothing for none.
    func last(of region: String) async throws -> Int64?
    /// Shows it how the region's receipt key passed to newer ones.
    func introduce(_ keys: PublishedKeys) async throws
    /// Has a list cosigned; gives the note with the cosignature. Throws `WitnessRefusal` for a refusal.
    func cosign(_ note: String, of region: String) async throws -> String
}

extension Collector {
    /// Sends the witness every list that it has not signed yet, in order, and keeps its cosignatures. Gives the number
    /// of the last list that it cosigned; nothing if there was none to send. Throws `WitnessRefusal`, `StoreError`, or
    /// what the client throws.
    public func tell(_ witness: any WitnessClient) async throws -> Int64? {
        guard let newest = try await heads() else { return nil }
        if try Self.isCosigned(newest.note, by: witness) { return nil }
        let last = try await witness.last(of: identity.name) ?? newest.number - 1
        if !identity.successions.isEmpty { try await witness.introduce(publishedKeys) }
        // A list that the witness signed last is asked for again: its answer may have been lost.
        var number = min(max(last, 1), newest.number)
        var told: Int64?
        while number <= newest.number {
            guard let row = try await heads(number: number) else { break }
            if try !Self.isCosigned(row.note, by: witness) {
                let note = try await witness.cosign(row.note, of: identity.name)
                try await keepCosignature(in: note, of: witness.name, key: witness.key)
                told = number
            }
            number += 1
        }
        return told
    }

    private static func isCosigned(_ note: String, by witness: any WitnessClient) throws -> Bool {
        (try? SignedHeads(parsing: note).note.verify(cosignedAs: witness.name, by: witness.key)) != nil
    }
}
