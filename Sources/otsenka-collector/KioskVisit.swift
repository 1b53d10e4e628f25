import ArgumentParser
import Collecting
import CollectorWeb
import FoundationEssentials
import Ledger

extension MaintenancePermission: ExpressibleByArgument {}

extension Kiosk {
    struct Visit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a technician visit a kiosk: a signed note of what may be done there, and until when.",
            discussion: """
                The kiosk hears of it with its next heartbeat, within a minute or two, ends the dialog that is on its screen, \
                says that it is being serviced, and does with a stick what the verbs allow. A note opens one visit, once. A \
                newer one takes the place of one that the kiosk has not heard of.

                With --output the note is not sent but written to a file, for a kiosk without a network: put it on the \
                kiosk's first partition as otsenka-visit.txt and switch the kiosk on.
                """)

        @OptionGroup var folder: FolderOption

        @Argument(help: "The kiosk's id, as `kiosk list` shows it.")
        var kiosk: String

        @Option(help: "Who comes. It stands in the kiosk's journal for ever, so use a number rather than a name.")
        var technician: String

        @Option(help: "How long the visit may take, from now on: 1 to 480 minutes.")
        var minutes = 60

        @Option(
            help: ArgumentHelp(
                "What may be done, several times: \(MaintenancePermission.allCases.map(\.rawValue).joined(separator: ", ")) "
                    + "(default: read-stick, write-stick and install-update).", valueName: "verb"))
        var verb: [MaintenancePermission] = []

        @Option(name: .shortAndLong, help: "Write the note to this new file instead of sending it.")
        var output: String?

        @Flag(help: "Print the facts as JSON.")
        var json = false

        func validate() throws {
            guard (1...Int(MaintenanceNote.maximumSeconds / 60)).contains(minutes) else {
                throw ValidationError("--minutes is 1 to \(MaintenanceNote.maximumSeconds / 60)")
            }
        }

        func run() async throws {
            let order = MaintenanceOrder(
                technician: technician, minutes: minutes,
                permissions: verb.isEmpty ? [.readStick, .writeStick, .installUpdate] : verb, isSent: output == nil)
            let ask = {
                try await StaffClient(folder.open()).ask(
                    "POST", "/admin/kiosks/\(try Kiosk.pathSegment(kiosk))/visit",
                    body: try JSONEncoder().encode(order)
                ) { try await $0.visit(kiosk, order) } as VisitTicket
            }
            let ticket = if let output { try await NewFile(output).fill(\.note, with: ask) } else { try await ask() }
            if json { return try printJSON(ticket) }
            print("Technician \(ticket.technician) may visit \(ticket.kiosk) until \(ticket.until): ", terminator: "")
            print(ticket.verbs.joined(separator: ", "))
            print(
                output.map { "The note is in \($0). Put it on the kiosk's first partition as otsenka-visit.txt." }
                    ?? "The kiosk hears of it with its next heartbeat.")
        }
    }
}
