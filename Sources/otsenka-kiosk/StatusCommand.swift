import ArgumentParser
import FoundationEssentials
import KioskControl

/// `otsenka-kiosk status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say what the running kiosk is doing.")

    @OptionGroup var runtime: RuntimeOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        guard case .status(let status) = try runtime.ask(.status) else { throw try runtime.ask(.status).failure }
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

    func run() throws {
        let answer = try runtime.ask(.verify, seconds: 600)
        switch answer {
        case .verified(0, _): print("the kiosk is not enrolled yet, so there is no chain")
        case .verified(let records, let head): print("\(records) records are right; the newest has the hash \(head)")
        case .broken(let sequence, let reason):
            throw Failure(
                status: 65,
                message:
                    "record \(sequence) is not right: \(reason); keep the journal's folder as evidence and call support"
            )
        default: throw answer.failure
        }
    }
}
