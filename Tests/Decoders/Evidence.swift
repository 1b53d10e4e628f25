import FoundationEssentials
import Ledger
import Ratings

@testable import Collecting

// Lists of heads, exports and changes of keys: what a region gives away, and what others give back.

extension Decoder {
    /// A signed list of heads, and what it says against another.
    static let heads = Decoder(
        "heads", sources: ["Collecting/HeadsList.swift", "Collecting/HeadsConsistency.swift"],
        seeds: {
            let (first, second) = (try ExportSeeds.list(1), try ExportSeeds.list(2))
            return [
                .joined([Data(first.serialized), Data(second.serialized)]),
                .joined([Data(second.serialized), Data(first.serialized)]),
            ]
        },
        take: { data in
            let lists = parts(of: data, most: 2).compactMap(signed)
            guard lists.count == 2 else { return }
            if let objection = lists[0].list.objection(to: lists[1].list) {
                require(!objection.what.isEmpty, "says nothing")
            }
            _ = EvidenceVerifier.contradictions(lists)
        })

    /// A list as it came, or signed by the collector whatever it says, or no mutation would get past the signature.
    private static func signed(_ piece: Data) -> SignedHeads? {
        if let list = try? SignedHeads(parsing: piece.text) {
            require(list.serialized == piece.text, "keeps another list than it read")
            return list
        }
        guard let note = try? SignedNote(parsing: piece.text, maximumBytes: HeadsList.maximumBytes),
            let list = HeadsList(text: note.text)
        else { return nil }
        require(list.text == note.text, "reads another list than it writes")
        for head in list.heads { require(list[head.name] == head, "does not find a head that it read") }
        return try? SignedHeads(list, signedWith: Known.collectorKey)
    }

    /// An export, judged by the lists that it carries and by at most two that were given away: each before it with a zero
    /// byte. An export behind "!" is sealed by the collector whatever it says.
    static let export = Decoder(
        "export", sources: ["Collecting/ExportFormat.swift", "Collecting/EvidenceVerification.swift"],
        seeds: { try ExportSeeds.all() },
        take: { data in
            var pieces = parts(of: data, most: 3)
            var lines = lines(of: pieces.removeLast())
            if lines.first?.first == UInt8(ascii: "!") {
                lines[0].removeFirst()
                lines = ExportSeal.seal(lines)
            }
            let given = pieces.compactMap(signed)
            var verification = EvidenceVerifier(
                lists: given, key: given.isEmpty ? nil : Known.collectorKey.publicKey,
                collector: given.isEmpty ? nil : Known.collector)
            for line in lines {
                if let ours = ExportLine(line, chain: 1), let text = try? ours.text {
                    require(ExportLine(Data(text), chain: 1) == ours, "reads another line than it wrote")
                }
                verification.take(line)
            }
            let report = verification.end()
            require(report.verified.faults.count <= VerifyReport.mostFaults, "tells more faults than it may")
            require(report.contradictions.isEmpty || !given.isEmpty, "contradicts lists that nobody gave it")
        })

    /// Cut as a file is: in pieces as they are read from a disk.
    private static func lines(of data: Data) -> [Data] {
        var cutter = LineCutter()
        var lines: [Data] = []
        for start in stride(from: 0, to: data.count, by: 1000) {
            cutter.take(data[start..<min(start + 1000, data.count)]) { lines.append($0) }
        }
        cutter.end { lines.append($0) }
        let whole = data.last == UInt8(ascii: "\n") ? data.dropLast() : data
        let expected = data.isEmpty ? [] : whole.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        require(lines == expected.map { Data($0) }, "cuts a file into other lines")
        return lines
    }

    /// How one key follows another: one, or several as a route and a file hold them.
    static let succession = Decoder(
        "succession", sources: ["Ledger/KeySuccession.swift", "Ledger/JournalKeys.swift"],
        seeds: {
            let pin = try KeySuccession(
                pinOf: Known.collector, generation: 2, from: KeySuccession.authorityDigest("old"),
                to: KeySuccession.authorityDigest("new"), time: 5, signedBy: Known.collectorKey)
            let (receipt, journal) = (try keySuccession(.receipt), try keySuccession(.journal))
            let next = try KeySuccession(
                .receipt, of: Known.collector, generation: 3, from: Known.transportKey.publicKey, to: Known.journalKey,
                time: 6, signedBy: [Known.transportKey])
            let nextJournal = try KeySuccession(
                .journal, of: "kiosk-1", generation: 7, from: Known.transportKey.publicKey, to: Known.collectorKey,
                time: 6, signedBy: [Known.transportKey])
            let transport = try KeySuccession(
                .transport, of: "kiosk-1", generation: 2, from: Known.collectorKey.publicKey, to: Known.transportKey,
                time: 6, signedBy: [Known.journalKey])
            let several: [[KeySuccession]] = [
                [receipt, next], [journal, nextJournal], [next, receipt, pin, transport],
            ]
            let alone: [Data] = [receipt, journal, pin, transport].map { Data($0.serialized) }
            let joined: [Data] = several.map { Data(KeySuccession.join($0)) }
            let cut = Data(String(KeySuccession.join([receipt]).dropLast(60)))
            return alone + joined + [cut]
        },
        take: { data in
            take(data.text)
            // The texts among them, signed by every key of ours, or no mutation would get past the signatures.
            for text in data.text.split(separator: "\n\n") where text.hasPrefix("otsenka/key/") {
                let words = text.prefix { $0 != "\n" }.split(separator: "/")
                var own = SignedNote(text: String(text) + "\n")
                for key in [Known.journalKey, Known.collectorKey, Known.transportKey] where words.count == 4 {
                    _ = try? own.sign(as: String(words[3]), with: key)
                }
                take(own.serialized)
            }
            do throws(SuccessionError) {
                let several = try KeySuccession.split(data.text)
                require(
                    (try? KeySuccession.split(KeySuccession.join(several))) == several, "joins others than it split")
                follow(several)
            } catch { require(!error.description.isEmpty, "says nothing") }
        })

    private static func take(_ text: String) {
        do throws(SuccessionError) {
            let succession = try KeySuccession(parsing: text)
            require(succession.serialized == text, "keeps another succession than it read")
            follow([succession])
            require((succession.newKey == nil) == (succession.role == .pin), "has a key to sign with, or has none")
            // Its sixteen signatures may be there already.
            if let more = try? succession.signed(with: Known.journalKey) {
                require(more.new == succession.new, "is another succession once somebody else signed it")
            }
            try succession.verify(by: Known.collectorKey.publicKey)
        } catch { require(!error.description.isEmpty, "says nothing") }
    }

    /// What believing them comes to: of a journal key by its chain, of another by who believed the one before.
    private static func follow(_ several: [KeySuccession]) {
        let none = JournalKeys(kiosk: "kiosk-1", first: Known.journalKey.publicKey)
        var keys = none
        for (index, succession) in several.enumerated() { try? keys.take(succession, at: Int64(3 + index)) }
        require(keys.key(at: 2) == Known.journalKey.publicKey, "lets a key speak before its record")
        require(keys.changes.isEmpty || keys.generation > 1, "believes a key of no later generation")
        require(keys.key(at: Int64.max) == keys.current, "lets another than the newest key speak at last")
        require(keys.before(3) == none, "knows a key before its record")
        for succession in several {
            let root = succession.oldKey ?? Known.collectorKey.publicKey
            let believed = KeySuccession.keys(succession.role, of: succession.subject, from: root, over: several)
            require(believed.first == root, "does not believe what is believed already")
        }
    }

    static func keySuccession(_ role: KeyRole) throws -> KeySuccession {
        let old = role == .journal ? Known.journalKey : Known.collectorKey
        return try KeySuccession(
            role, of: role == .journal ? "kiosk-1" : Known.collector, generation: 2, from: old.publicKey,
            to: Known.transportKey, time: 1_763_800_000, signedBy: [old])
    }
}
