import ArgumentParser
import Logging
import Uplink

/// `otsenka-kiosk uplink`
struct UplinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uplink",
        abstract:
            "Send records to the collector; a service of its own beside run, with the network and without devices.",
        discussion: """
            Waits by itself for run, for an enrolment and for the network, and never gives up. It keeps nothing that \
            could be lost: end it at any time.
            """)

    @OptionGroup var runtime: RuntimeOptions
    @OptionGroup var state: UplinkStateOptions

    @Flag(help: "Send at once and try again within seconds: for a demonstration that somebody watches.")
    var fast = false

    func run() throws {
        var settings = UplinkSettings()
        settings.runtimeFolder = runtime.runtimeDir
        settings.stateFolder = state.stateDir
        settings.allowPlainLoopback = state.allowPlainLoopback
        if fast { settings.hurry() }
        UplinkProgram(settings: settings, logger: Logger(label: "otsenka.uplink")).deliver()
    }
}

/// Where the uplink keeps its key and whom it may talk to.
struct UplinkStateOptions: ParsableArguments {
    @Option(help: "The uplink's own folder: its key and the collector's authority.")
    var stateDir = "/var/lib/otsenka-uplink"

    @Flag(help: "Allow plain http to this very machine; for demonstrations.")
    var allowPlainLoopback = false
}
