import ArgumentParser
import CollectorWeb

/// `--output` of the commands that make a one-time code.
struct EnrolmentFileOption: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Write otsenka-enrol.yaml, for a kiosk flashed with the image, to this new file.", valueName: "path"))
    var output: String?

    /// The ticket that `body` gets from the collector, in the file as well where one is asked for.
    func ticket(_ body: () async throws -> EnrolmentTicket) async throws -> EnrolmentTicket {
        guard let output else { return try await body() }
        return try await NewFile(output).fill(\.file, with: body)
    }

    /// What a technician does with the ticket, for people.
    func text(of ticket: EnrolmentTicket) -> String {
        """
        One-time code   \(ticket.code)   (until \(ticket.expires), told this once)
        Collector       \(ticket.collector)
        Pin             \(ticket.pin ?? "none: plain HTTP on this machine")

        A kiosk flashed with the image: \(place(of: ticket))
        Any other: type on it
          \(ticket.enrol)
        """
    }

    private func place(of ticket: EnrolmentTicket) -> String {
        if let output { return "copy \(output) to its first partition as otsenka-enrol.yaml." }
        let lines = ticket.file.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        return "put these lines on its first partition as otsenka-enrol.yaml\n\(lines)"
    }
}

extension EnrolmentTicket {
    /// `otsenka-enrol.yaml` (`kiosk-image/README.md`).
    fileprivate var file: String {
        "collector: \(collector)\ncode: \(code)\n" + (pin.map { "pin: \($0)\n" } ?? "")
    }
}
