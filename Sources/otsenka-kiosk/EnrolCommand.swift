import ArgumentParser
import KioskShell
import Uplink

/// `otsenka-kiosk enrol`
struct EnrolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract: "Enrol this kiosk with a region's collector by a one-time code.",
        discussion: """
            The code, the address and the pin come from `otsenka-collector kiosk add`. The code itself is never sent. If \
            the network fails, run the command again with the same code. Compare the six words with the collector's.
            Ends with 64 for a mistyped argument, 69 when run or the collector does not answer, 77 when the code or the \
            collector's key is refused, 75 when it should be tried again.
            """)

    @OptionGroup var runtime: RuntimeOptions
    @OptionGroup var state: UplinkStateOptions

    @Option(help: "The collector's address, https://host:port.")
    var collector: String

    @Option(help: "The one-time code; any case, with or without hyphens.")
    var code: String

    @Option(help: "The pin of the collector's key, sha256//BASE64.")
    var pin: String?

    func run() throws {
        var plan = EnrolmentPlan(
            collector: collector, code: code, pin: pin, hardware: Release.hardwareDigest())
        plan.runtimeFolder = runtime.runtimeDir
        plan.stateFolder = state.stateDir
        plan.allowPlainLoopback = state.allowPlainLoopback
        do throws(UplinkError) {
            let result = try Enroller(plan).enrol()
            print(
                "enrolled as \(result.identity.kiosk), epoch \(result.identity.epoch), with \(result.identity.collector)"
            )
            print("compare these words with the collector's: \(result.words.joined(separator: " "))")
        } catch {
            throw Failure(status: error.exitStatus, message: error.description)
        }
    }
}
