import BatchFiles
import FoundationEssentials
import RealPrograms
import Testing

/// The real programs: `run` and its commands, `serve` and its commands, files and pictures between them.
@Suite(.serialized) struct ProgramTests {
    @Test func aStickGoesThereAndTheReceiptsComeBack() async throws {
        let hall = try Hall()
        defer { hall.close() }
        var kiosk = try hall.start()
        let stick = hall.folder + "/stick"
        try #require(hall.kiosk("export", "--to", stick, "--batch-records", "1").status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: stick).sorted()
        try #require(names.count >= 2)

        // The newest file alone: the ones before it are missing.
        let alone = try hall.subfolder("alone")
        try hall.copy(try #require(names.last), from: stick, to: alone)
        let gap = try hall.collector("import", "batches", alone, "--json")
        #expect(gap.status == 75)
        #expect(gap.text.contains(#""outcome" : "gap""#) && gap.text.contains(#""need" : 1"#))

        // The whole stick with files that are none of the kiosk's: those are refused, the others taken.
        let first = try Data(contentsOf: URL(filePath: stick + "/" + names[0]))
        try first.dropLast(5).write(to: URL(filePath: stick + "/a-truncated.batch"))
        try Data("junk".utf8).write(to: URL(filePath: stick + "/z-junk.batch"))
        let mixed = try hall.collector("import", "batches", stick)
        #expect(mixed.status == 65)
        #expect(mixed.text.contains("\(names[0])  taken") && mixed.text.contains("a-truncated.batch  refused"))
        let again = try hall.collector("import", "batches", stick, "--json")
        #expect(again.text.components(separatedBy: #""outcome" : "repeated""#).count - 1 == names.count)

        // The receipts come back days later, to a kiosk that has started again, in the wrong order, twice.
        kiosk.end()
        kiosk = try hall.start()
        let back = try names.reversed().map { try hall.path(stick + "/" + BatchName.receipt(of: $0)) }
        let taken = try hall.kiosk(["import-receipts"] + back + [stick])
        #expect(taken.status == 0)
        #expect(taken.text.contains("taken") && taken.text.contains("held"))
        #expect(try hall.enrolled.status().receipted == Int64(names.count))
        #expect(try hall.kiosk("verify").status == 0)
        #expect(try hall.collector("verify").status == 0)
        kiosk.end()
    }

    @Test func aStickThatWasOvertakenByTheLineIsOnlyRepeated() async throws {
        let hall = try Hall()
        defer { hall.close() }
        let kiosk = try hall.start()
        let stick = hall.folder + "/stick"
        try #require(hall.kiosk("export", "--to", stick).status == 0)
        let uplink = try hall.enrolled.uplink()
        _ = try wait(for: "the upload", log: hall.enrolled.log) { try hall.enrolled.status().unsent == 0 ? true : nil }
        uplink.end()
        let late = try hall.collector("import", "batches", stick)
        #expect(late.status == 0)
        #expect(late.text.contains("repeated"))
        let held = try hall.kiosk("import-receipts", stick)
        #expect(held.status == 0)
        #expect(held.text.contains("held"))
        #expect(try hall.kiosk("export", "--to", stick).text.contains("nothing waits"))
        #expect(try hall.collector("verify").status == 0)
        kiosk.end()
    }

    @Test func picturesThatAScannerReadsGoThereAndBack() async throws {
        let hall = try Hall()
        defer { hall.close() }
        let kiosk = try hall.start()
        let pictures = hall.folder + "/codes"
        try #require(hall.kiosk("export", "--qr", "--to", pictures).status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: pictures).sorted()
        try #require(names.count >= 2)
        let scanned = hall.folder + "/scanned.txt"
        var texts = try names.reversed().map { try hall.scan(pictures + "/" + $0) }
        texts.append(texts[0])
        try Data(texts.dropFirst().dropLast().joined(separator: "\n").utf8).write(to: URL(filePath: scanned))
        let incomplete = try hall.collector("import", "qr", scanned)
        #expect(incomplete.status == 75)
        #expect(incomplete.text.contains("codes these are missing: \(names.count)"))

        try Data(texts.joined(separator: "\r\n").utf8).write(to: URL(filePath: scanned))
        let receipts = hall.folder + "/receipts"
        let whole = try hall.collector("import", "qr", scanned, "--receipts", receipts)
        #expect(whole.status == 0)
        #expect(whole.text.contains("taken"))
        let lines = try #require(
            try FileManager.default.contentsOfDirectory(atPath: receipts).first { $0.hasSuffix(".txt") })
        #expect(try hall.kiosk("import-receipts", receipts + "/" + lines).text.contains("taken"))
        #expect(try hall.enrolled.status().receipted >= 2)
        kiosk.end()
    }
}

/// A real kiosk and its real collector.
private final class Hall {
    let enrolled: EnrolledKiosk
    var folder: String { place.folder }
    private let place: Place

    init() throws {
        place = try Folder.place()
        enrolled = try EnrolledKiosk("k", at: place)
    }

    func start() throws -> Child {
        let kiosk = try enrolled.run()
        try enrolled.waitUntilItAnswers()
        return kiosk
    }

    func close() {
        enrolled.region.stop()
        place.remove()
    }

    func kiosk(_ words: String...) throws -> (status: Int32?, text: String) { try kiosk(words) }

    func kiosk(_ words: [String]) throws -> (status: Int32?, text: String) {
        try run([place.program("otsenka-kiosk")] + words + ["--runtime-dir", enrolled.folder + "/run"])
    }

    func collector(_ words: String...) throws -> (status: Int32?, text: String) {
        try run([place.program("otsenka-collector")] + words + ["--dir", enrolled.region.folder])
    }

    /// What zbar reads in a picture.
    func scan(_ picture: String) throws -> String {
        let scan = try run(["sh", "-c", "zbarimg --quiet --raw \"$1\" 2>/dev/null", "sh", picture])
        try #require(scan.status == 0, "zbarimg reads \(picture); it is of the package zbar-tools")
        return String(scan.text.dropLast())
    }

    func subfolder(_ name: String) throws -> String { try place.subfolder(name) }

    func copy(_ name: String, from: String, to: String) throws {
        try FileManager.default.copyItem(atPath: from + "/" + name, toPath: to + "/" + name)
    }

    /// The path of a file that must be there.
    func path(_ path: String) throws -> String {
        try #require(FileManager.default.fileExists(atPath: path))
        return path
    }

    private func run(_ words: [String]) throws -> (status: Int32?, text: String) {
        let log = place.folder + "/command.log"
        try? FileManager.default.removeItem(atPath: log)
        let status = try Child(words, log: log).wait()
        return (status, (try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? "")
    }
}
