import ArgumentParser
import FoundationEssentials
import KioskControl

/// `otsenka-kiosk status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say what the running kiosk is doing.",
        discussion:
            "--check-health ends with 75 while this start has not drawn, stored and opened its input yet, --check-idle "
            + "while somebody is asked.")

    @OptionGroup var runtime: RuntimeOptions

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Judge only whether this start does its work; an update counts as good once it does.")
    var checkHealth = false

    @Flag(help: "Judge only whether nobody is in a dialog, so that the machine may restart.")
    var checkIdle = false

    func run() throws {
        guard case .status(let status) = try runtime.ask(.status) else { throw try runtime.ask(.status).failure }
        if checkHealth {
            guard !status.missing.isEmpty else { return print("healthy: drawn, stored, input open") }
            throw Failure(
                status: 75, message: "not healthy yet: \(status.missing.joined(separator: "; ")); ask again in a while")
        }
        if checkIdle {
            let dialog = ["question", "thanks", "not-recorded"]
            guard dialog.contains(status.screen) else { return print("nobody is asked") }
            throw Failure(status: 75, message: "a visitor is in a dialog; ask again in a while")
        }
        if json {
            print(String(decoding: try ControlCoding.encode(status), as: UTF8.self))
            return
        }
        print("kiosk      \(status.kiosk.map { "\($0), epoch \(status.epoch ?? 0)" } ?? "not enrolled")")
        print("collector  \(status.collector ?? "none")")
        print("screen     \(status.screen) on \(status.display)")
        print("records    \(status.records), of which \(status.receipted) receipted, \(status.unsent) unsent")
        print("devices    \(status.devices.isEmpty ? "none" : status.devices.joined(separator: "\n           "))")
        if let press = status.pressToFrameMicroseconds {
            print("press      to frame \(press.p50) µs p50, \(press.p99) µs p99, of the newest \(press.count)")
        }
        print("marks      \(status.marks.isEmpty ? "none" : status.marks.joined(separator: ", "))")
        print("program    \(status.program), start \(status.now.boot), clock \(status.now.wall) (\(status.now.clock))")
    }
}

/// `otsenka-kiosk verify`
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Walk the journal's chain and name the first record that is not as it was stored.",
        discussion: "Ends with 65 when a record is not right.")

    @OptionGroup var runtime: RuntimeOptions

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func run() throws {
        let answer = try runtime.ask(.verify, seconds: 600)
        guard case .status(let status) = try runtime.ask(.status, seconds: 60) else { throw answer.failure }
        var facts = Facts(
            kiosk: status.kiosk?.rawValue, epoch: status.epoch, collector: status.collector,
            receipted: status.receipted, unsent: status.unsent, marks: status.marks)
        switch answer {
        case .verified(let records, let head):
            facts.clean = true
            facts.records = records
            facts.head = head.isEmpty ? nil : head
        case .broken(let sequence, let reason):
            facts.firstWrong = sequence
            facts.reason = reason
        default: throw answer.failure
        }
        if json {
            try printJSON(facts)
        } else if facts.clean {
            print(facts.text)
        }
        guard let sequence = facts.firstWrong else { return }
        throw Failure(
            status: 65,
            message:
                "record \(sequence) is not right: \(facts.reason ?? ""); keep the journal's folder as evidence and "
                + "call support")
    }

    /// What an auditor writes down.
    private struct Facts: Encodable {
        var clean = false
        /// Nothing before enrolment.
        var kiosk: String?
        var epoch: Int?
        var collector: String?
        /// Records of the present epoch that were walked over.
        var records: Int64?
        /// The hash of the newest of them, base64: what a checkpoint or a receipt must name.
        var head: String?
        var receipted: Int64
        var unsent: Int64
        var marks: [String]
        var firstWrong: Int64?
        var reason: String?

        enum CodingKeys: String, CodingKey {
            case clean, kiosk, epoch, collector, records, head, receipted, unsent, marks, reason
            case firstWrong = "first_wrong"
        }

        var text: String {
            guard let kiosk, let epoch, let records, let head else {
                return "the kiosk is not enrolled yet, so there is no chain"
            }
            return "kiosk \(kiosk), epoch \(epoch): \(records) records are right, \(receipted) of them receipted; "
                + "the newest has the hash \(head)"
        }
    }
}
