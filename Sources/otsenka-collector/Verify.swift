import ArgumentParser
import Collecting
import CollectorWeb
import FoundationEssentials
import Glibc
import Ledger

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find every change of a store, or of an export; name the kiosk, the epoch and the first bad record.",
        discussion: """
            With --dir it walks the store of a collector. With --export it needs nothing of the collector's but that \
            file, published lists of heads (--heads), and the receipt key (--key) as a kiosk's enrolment or a bulletin \
            names it. With --heads alone it compares lists with one another.

            Ends with 0 when everything is right and with 65 when something is not.
            """)

    @Option(name: .customLong("dir"), help: "The collector's data folder.")
    var path: String?

    @Option(help: "A published list of heads. May be repeated.")
    var heads: [String] = []

    @Option(help: "An export to check.")
    var export: String?

    @Option(
        help: "The collector's receipt key, base64 (default: the one that the export names, which then proves less).")
    var key: String?

    @Option(help: "The collector's name.")
    var name: String?

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func validate() throws {
        if path != nil, export != nil { throw ValidationError("--dir and --export do not go together") }
        if path == nil, export == nil, heads.count < 2 {
            throw ValidationError("give --dir, or --export, or two or more --heads")
        }
        if let key, PublicKey(base64: key) == nil { throw ValidationError("--key \(key) is not a key in base64") }
    }

    func run() async throws {
        let texts = try heads.map(readFile)
        if let path {
            var option = FolderOption()
            option.path = path
            return try tell(try await verdict(of: try option.open(), texts))
        }
        let lists = try texts.map(SignedHeads.init(file:))
        var verifier = EvidenceVerifier(
            lists: lists, key: key.flatMap(PublicKey.init(base64:)), collector: name ?? lists.last?.list.collector)
        guard let export else {
            return try tell(EvidenceVerifier.contradictions(lists.sorted { $0.list.number < $1.list.number }))
        }
        try Self.read(export) { verifier.take($0) }
        try tell(verifier.end())
    }

    private func verdict(of folder: DataFolder, _ heads: [String]) async throws -> Verdict {
        let body = heads.isEmpty ? nil : try JSONEncoder().encode(VerifyQuestion(heads: heads))
        return try await StaffClient(folder).ask("POST", "/admin/verify", body: body) {
            try await $0.verify(against: heads)
        }
    }

    /// Hands on the lines of a file, however long it is.
    private static func read(_ path: String, _ take: (Data) -> Void) throws {
        let file = open(FolderOption.absolute(path), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw CollectorFailure(
                .inputOutput, "cannot read \(path) (\(String(cString: strerror(errno)))); check its name")
        }
        defer { close(file) }
        var cutter = LineCutter()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CollectorFailure(
                    .inputOutput, "cannot read \(path) (\(String(cString: strerror(errno)))); copy it again")
            }
            if count == 0 { break }
            cutter.take(Data(buffer[..<count]), take)
        }
        cutter.end(take)
    }

    // MARK: What is said

    private func tell(_ verdict: Verdict) throws {
        if json { try printJSON(verdict) }
        guard let first = verdict.faults.first else {
            if !json {
                print("Right: \(verdict.records) records in \(verdict.chains) chains of \(verdict.kiosks) kiosks.")
            }
            return
        }
        if !json { verdict.faults.forEach { print(Self.text($0)) } }
        throw CollectorFailure(
            .data,
            "the store is not what was signed: \(Self.text(first)); stop the collector, keep this copy as evidence and "
                + "restore a backup")
    }

    private func tell(_ report: EvidenceReport) throws {
        if json { try printJSON(report) }
        let verdict = Verdict(report.verified)
        if !json {
            report.contradictions.forEach(Self.show)
            verdict.faults.forEach { print(Self.text($0)) }
            if !report.keyWasGiven {
                print(
                    "Note: no --key was given; the export names the receipt key \(report.key). Compare it with the one "
                        + "that the region has published.")
            }
            if report.lists.isEmpty {
                print(
                    "Note: no --heads was given; whoever holds the receipt key can have changed what no kiosk signed.")
            }
        }
        guard report.isClean else {
            let first = report.contradictions.first.map(\.description) ?? verdict.faults.first.map(Self.text) ?? ""
            throw CollectorFailure(
                .data, "the export is not what was signed and published: \(first); keep it, and ask \(report.collector)"
            )
        }
        if json { return }
        let lists = report.lists.map { "\($0)" }.joined(separator: ", ")
        print(
            "Right: \(verdict.records) records in \(verdict.chains) chains of \(verdict.kiosks) kiosks of "
                + "\(report.collector)"
                + (lists.isEmpty ? "." : ", as published in list \(lists) (\(report.day ?? "")).")
        )
    }

    private func tell(_ contradictions: [HeadsObjection]) throws {
        if json { try printJSON(contradictions) }
        guard let first = contradictions.first else {
            if !json { print("Right: the lists follow one another.") }
            return
        }
        if !json { contradictions.forEach(Self.show) }
        throw CollectorFailure(.data, "the lists contradict one another: \(first); keep all of them, and publish them")
    }

    private static func show(_ objection: HeadsObjection) {
        print(objection)
        for line in objection.lines { print(line.last == "\n" ? String(line.dropLast()) : line) }
    }

    private static func text(_ fault: Verdict.Fault) -> String {
        let record = fault.record.map { last in fault.since.map { "records \($0)-\(last)" } ?? "record \(last)" }
        let place = [fault.kiosk.map { "kiosk \($0)" }, fault.epoch.map { "epoch \($0)" }, record].compactMap(\.self)
        return place.isEmpty ? fault.what : place.joined(separator: ", ") + ": " + fault.what
    }
}
