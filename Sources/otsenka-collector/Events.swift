import ArgumentParser
import CollectorWeb

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what happened to kiosks and to the collector itself, the newest first.")

    @OptionGroup var folder: FolderOption

    @Option(help: "How many.")
    var limit = EventLine.usualCount

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be 1 or more") }
    }

    func run() async throws {
        let events: [EventLine] = try await StaffClient(folder.open()).ask("GET", "/admin/events?limit=\(limit)") {
            try await $0.events(limit: limit)
        }
        if json { return try printJSON(events) }
        guard !events.isEmpty else { return print("No events.") }
        printTable(
            [["TIME", "KIND", "KIOSK", "WHAT"]] + events.map { [$0.time, $0.kind, $0.kiosk ?? "-", $0.message] })
    }
}
