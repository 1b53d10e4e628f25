import ArgumentParser
import CollectorWeb
import FoundationEssentials

extension Kiosk {
    struct Replace: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a one-time code with which a known kiosk is enrolled again.",
            discussion: """
                For another machine at the same place, or for one whose epoch was closed. What is stored stays, and so \
                does the place. Keys that may be in foreign hands are to be revoked first: see `kiosk revoke`.
                """)

        @OptionGroup var folder: FolderOption

        @Argument(help: "The kiosk's id, as `kiosk list` shows it.")
        var kiosk: String

        @Option(help: "Where the kiosk reaches the collector, such as https://ratings.example:8443.")
        var address: String?

        @OptionGroup var file: EnrolmentFileOption

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() async throws {
            let order = ReplacementOrder(address: address)
            let ticket = try await file.ticket {
                try await StaffClient(folder.open()).ask(
                    "POST", "/admin/kiosks/\(try Kiosk.pathSegment(kiosk))/replace",
                    body: try JSONEncoder().encode(order)
                ) { try await $0.replace(kiosk, address: address) }
            }
            if json { return try printJSON(ticket) }
            print("The kiosk \(ticket.kiosk) of \(ticket.office) can be enrolled again.\n\(file.text(of: ticket))")
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Trust a kiosk's keys no longer; what it sends is kept in quarantine.",
            discussion: "For a stolen or lost kiosk. What was stored stays. `kiosk replace` brings it back.")

        @OptionGroup var folder: FolderOption

        @Argument(help: "The kiosk's id, as `kiosk list` shows it.")
        var kiosk: String

        @Option(help: "Why, for the list of events.")
        var reason = ""

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func run() async throws {
            let order = RevocationOrder(reason: reason)
            let done: Done = try await StaffClient(folder.open()).ask(
                "POST", "/admin/kiosks/\(try Kiosk.pathSegment(kiosk))/revoke", body: try JSONEncoder().encode(order)
            ) { staff in
                try await staff.revoke(kiosk, reason: reason)
                return Done()
            }
            if json { return try printJSON(done) }
            print("The kiosk \(kiosk) is revoked: its keys are refused from now on.")
        }
    }

    /// The id as a part of a path; nothing that would have to be escaped gets past this.
    static func pathSegment(_ kiosk: String) throws(CollectorFailure) -> String {
        guard !kiosk.isEmpty,
            kiosk.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46 })
        else {
            throw CollectorFailure(.usage, "\(kiosk) cannot be a kiosk's id; `kiosk list` shows those that are known")
        }
        return kiosk
    }
}
