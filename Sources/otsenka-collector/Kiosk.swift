import ArgumentParser
import CollectorWeb
import FoundationEssentials

struct Kiosk: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Add kiosks, list, replace and revoke them, let technicians visit them.",
        subcommands: [Add.self, List.self, Replace.self, Revoke.self, Visit.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a kiosk and print its one-time code.",
            discussion: "The code is valid for 15 minutes, for this kiosk only, and is told this once.")

        @OptionGroup var folder: FolderOption

        @Option(help: "The office (reception hall) where it stands, as people call it.")
        var office: String

        @Option(help: "The service that its ratings are about, where the visit does not say.")
        var service: String?

        @Option(help: "The window (desk) at which it stands.")
        var window: String?

        @Option(help: "Its id: 1 to 64 of a–z, 0–9, - and . (default: made of the office's name).")
        var id: String?

        @Option(help: "Where the kiosk reaches the collector, such as https://ratings.example:8443.")
        var address: String?

        @OptionGroup var file: EnrolmentFileOption

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() async throws {
            let new = NewKiosk(office: office, service: service, window: window, id: id, address: address)
            let ticket = try await file.ticket {
                try await StaffClient(folder.open()).ask(
                    "POST", "/admin/kiosks", body: try JSONEncoder().encode(new)
                ) { try await $0.add(new) }
            }
            if json { return try printJSON(ticket) }
            print("The kiosk \(ticket.kiosk) was added to \(ticket.office).\n\(file.text(of: ticket))")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show every kiosk and when it was last heard of.")

        @OptionGroup var folder: FolderOption

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() async throws {
            let kiosks: [KioskLine] = try await StaffClient(folder.open()).ask("GET", "/admin/kiosks") {
                try await $0.kiosks()
            }
            if json { return try printJSON(kiosks) }
            guard !kiosks.isEmpty else {
                print("No kiosk yet. Add one with: otsenka-collector kiosk add --dir \(folder.path) --office NAME")
                return
            }
            let head = ["KIOSK", "STATE", "OFFICE", "LAST HEARTBEAT", "LAST RECORD", "STORED", "UNSENT", "MARKS"]
            printTable(
                [head]
                    + kiosks.map { kiosk in
                        [
                            kiosk.kiosk, kiosk.state, kiosk.office, kiosk.lastHeartbeat ?? "never",
                            kiosk.lastRecord ?? "never", "\(kiosk.stored)", kiosk.unsent.map(String.init) ?? "-",
                            kiosk.marks.joined(separator: ","),
                        ]
                    })
        }
    }
}

/// Prints rows in columns as wide as their longest text.
func printTable(_ rows: [[String]]) {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    for row in rows {
        var line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        print(line)
    }
}
