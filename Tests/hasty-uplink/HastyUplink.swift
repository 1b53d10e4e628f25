import ArgumentParser
import Glibc
import Logging
import Uplink

/// The real uplink with the patience of a test: the module `Uplink` as it is, and limits of milliseconds.
@main
struct HastyUplink: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hasty-uplink", abstract: "otsenka-kiosk uplink with a torture's limits.")

    @Option var runtimeDir: String
    @Option var stateDir: String
    @Option(help: "Records in a batch at most.") var batch = 500
    @Option(help: "Records that are sent at once.") var flushRecords = 1
    @Option var flushMs: Int64 = 40
    @Option var heartbeatMs: Int64 = 400
    @Option var backoffBaseMs: Int64 = 4
    @Option var backoffCapMs: Int64 = 40
    @Option(help: "The longest Retry-After that is obeyed.") var retryAfterCapMs: Int64 = 200
    @Option(help: "The longest exchange.") var totalMs = 2_000
    @Flag(help: "Wrong on purpose: judge certificates by the machine's clock alone.") var trustWallClock = false
    @Option(help: "How often a batch is called malformed before the alarm and the next record.") var rereads = 3
    @Option(help: "Slower than 100 bytes in a second for so long is a stall, seconds.") var stallSeconds = 30

    func run() {
        var settings = UplinkSettings()
        settings.runtimeFolder = runtimeDir
        settings.stateFolder = stateDir
        settings.allowPlainLoopback = true
        settings.enrolmentPollMilliseconds = 20
        settings.curl.connectMilliseconds = min(10_000, totalMs)
        settings.curl.totalMilliseconds = totalMs
        settings.curl.stallSeconds = stallSeconds
        if trustWallClock {
            unlink(stateDir + "/time.floor")
            settings.earliestTime = Int64(time(nil))
        }
        settings.delivery.batchRecords = batch
        settings.delivery.flushRecords = flushRecords
        settings.delivery.flushMilliseconds = flushMs
        settings.delivery.flushSpreadMilliseconds = flushMs / 5
        settings.delivery.backoffBaseMilliseconds = backoffBaseMs
        settings.delivery.backoffCapMilliseconds = backoffCapMs
        settings.delivery.retryAfterCapMilliseconds = retryAfterCapMs
        settings.delivery.startSpreadMilliseconds = 0
        settings.delivery.heartbeatMilliseconds = heartbeatMs
        settings.delivery.heartbeatSpreadMilliseconds = heartbeatMs / 5
        settings.delivery.rereads = rereads
        settings.delivery.runRetryMilliseconds = 20
        UplinkProgram(settings: settings, logger: Logger(label: "otsenka.hasty-uplink")).deliver()
    }
}
