import ArgumentParser
import CollectorWeb

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Walk every chain, checkpoint and receipt of the store; name the first bad record.",
        discussion: "Ends with 0 when everything is right and with 65 when something is not.")

    @OptionGroup var folder: FolderOption

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func run() async throws {
        let verdict: Verdict = try await StaffClient(folder.open()).ask("POST", "/admin/verify") {
            await $0.verify()
        }
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

    private static func text(_ fault: Verdict.Fault) -> String {
        let place = [
            fault.kiosk.map { "kiosk \($0)" }, fault.epoch.map { "epoch \($0)" }, fault.record.map { "record \($0)" },
        ].compactMap(\.self)
        return place.isEmpty ? fault.what : place.joined(separator: ", ") + ": " + fault.what
    }
}
