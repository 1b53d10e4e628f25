import Delivery
import Testing
import Torture

@testable import TortureUplink

/// The harnesses are proven on subjects that are wrong on purpose: what is not caught here would not be caught anywhere.
@Suite(.serialized) struct WrongTests {
    @Test("G14: a collector that spoils what came over TLS", arguments: SecureFaults.Spoiled.allCases)
    func spoilsRecords(spoiled: SecureFaults.Spoiled) async throws {
        let row = try await UplinkTortureTests.run(tries: 30) { try await SecureFaults.run($0, spoiled: spoiled) }
        #expect(row.faults > 0 && row.details.contains { $0.contains("record 9 ") }, "\(row)")
    }

    @Test("G18: a collector that refuses what it does not understand, and so all that follows")
    func refusesBadLines() async throws {
        let row = try await UplinkTortureTests.run(tries: 10) { trial in
            try await BadRecords.records(trial, collector: StandIn(.refusesBadLines), seconds: 4)
        }
        #expect(row.details.contains { $0.contains("nothing came of it") }, "\(row)")
    }

    @Test("G18: an uplink that offers one refused record for ever")
    func offersForEver() async throws {
        let row = try await UplinkTortureTests.run(tries: 10) { trial in
            try BadRecords.boxes(trial, options: ["--rereads", "1000000000"], seconds: 4)
        }
        #expect(row.faults > 0 && row.violations > 0, "\(row)")
    }

    @Test("G20: kiosks that all ask again after the same time")
    func noSpread() async throws {
        var limits = DeliveryLimits()
        limits.backoffCapMilliseconds = 0
        let row = try await UplinkTortureTests.run(tries: 150) { FleetReturn.run($0, limits: limits) }
        #expect(row.details.contains { $0.contains("peak") }, "\(row)")
    }

    @Test("G20: kiosks that do not wait as they were told to")
    func noRetryAfter() async throws {
        var limits = DeliveryLimits()
        limits.retryAfterCapMilliseconds = 10_000
        let row = try await UplinkTortureTests.run(tries: 100) { FleetReturn.run($0, limits: limits) }
        #expect(row.details.contains { $0.contains("Retry-After") }, "\(row)")
    }

    @Test("G21: an uplink that rests too long after each failure")
    func restsTooLong() async throws {
        let row = try await UplinkTortureTests.run(tries: 500) { trial in
            try await SlowLine.run(trial, options: ["--backoff-base-ms", "60000"])
        }
        #expect(row.faults > 0 && row.details.contains { $0.contains("five minutes") }, "\(row)")
    }
}
