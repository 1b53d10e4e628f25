import Foundation
import Ledger
import RealPrograms
import SeededRandom
import Testing
import Torture

@testable import TortureUplink

/// The C tier of the part `uplink`: the same tortures as `make torture PART=uplink`, with few tries.
@Suite(.serialized) struct UplinkTortureTests {
    /// Runs `torture` in a folder of its own, which is removed afterwards.
    static func run(
        tries: Int, seed: UInt64 = 1, _ torture: (Trial) async throws -> Tried
    ) async throws -> Tried {
        let place = try Place(under: NSTemporaryDirectory(), programs: Place.ownFolder(), named: "ot")
        defer { place.remove() }
        return try await torture(Trial(seed: seed, tries: tries, place: place))
    }

    @Test func everyRatingArrivesOnceThroughAFailingLine() async throws {
        let row = try await Self.run(tries: 300, NetworkFaults.torture.run)
        #expect(row.isKept, "\(row.details)")
    }

    @Test func everyRatingArrivesOnceUnderTLS() async throws {
        let row = try await Self.run(tries: 150, SecureFaults.torture.run)
        #expect(row.isKept, "\(row.details)")
    }

    @Test func nothingButAReceiptForMyOwnRecordsIsOne() async throws {
        let row = try await Self.run(tries: 150, HostileAnswers.torture.run)
        #expect(row.isKept, "\(row.details)")
    }

    /// Wrong on purpose: a kiosk that believes the status.
    @Test func aKioskThatTakesAnAnswerOf200ForAReceiptIsCaught() async throws {
        let row = try await Self.run(tries: 100) { trial in
            try HostileAnswers.run(trial) { try CredulousKiosk("credulous-1", collector: $0, records: 120) }
        }
        #expect(row.violations > 0)
        #expect(row.details.contains { $0.contains("marks records") }, "\(row.details)")
    }

    /// Wrong on purpose: collectors that keep what they should not, or do not keep what they should.
    @Test(arguments: [StandIn.Store.keepsRepeats, .losesBatches(every: 5), .altersLines(every: 5)])
    func aCollectorThatIsWrongIsCaught(store: StandIn.Store) async throws {
        let row = try await Self.run(tries: 100) { trial in
            try await NetworkFaults.run(trial, collector: try StandIn(store))
        }
        #expect(row.faults > 0 && row.violations > 0, "\(row.details)")
    }

    /// The stand-in is not caught for what it is, but for what it does wrong.
    @Test func aStandInThatIsSoundIsNotCaught() async throws {
        let row = try await Self.run(tries: 100) { trial in
            try await NetworkFaults.run(trial, collector: try StandIn())
        }
        #expect(row.isKept, "\(row.details)")
    }

    @Test func whatLibcurlSendsAgainIsCountedOnce() async throws {
        let row = try await Self.run(tries: 60, SilentResends.torture.run)
        #expect(row.isKept, "\(row.details)")
    }

    /// The kiosk is at rest and learns of the restore from its heartbeat alone.
    @Test func aCollectorThatWasRestoredGetsEverythingBack() async throws {
        let row = try await Self.run(tries: 60) { trial in
            var random = SplitMix(trial.seed)
            var row = Tried("restored collector", seed: trial.seed)
            let collector = try StandIn()
            let kiosk = try HallKiosk(
                "restored-1", at: trial.place, collector: collector.address, code: try collector.add("restored-1"))
            let thanked = try kiosk.fill(records: trial.tries, random: &random)
            try kiosk.startSending()
            try trial.wait(for: "receipts") { try kiosk.status().unsent == 0 }
            let all = try kiosk.records()
            collector.restore(kiosk.id, to: 20)
            try trial.wait(for: "what was lost") { collector.state.withLock { $0.heads[kiosk.id] == all } }
            kiosk.stop()
            (row.tries, row.faults) = (thanked.hashes.count, collector.state.withLock { $0.resent })
            let stored = try await collector.finish()
            let written = try kiosk.journalLines().map { ChainHash(of: $0) }
            row.compare(kiosk.id, thanked: thanked, written: written, stored: stored[kiosk.id])
            return row
        }
        #expect(row.isKept, "\(row.details)")
    }

    /// A line that never lets a connection be used twice provokes nothing, and the table says so.
    @Test func aBlindTortureSaysThatItIsBlind() async throws {
        let row = try await Self.run(tries: 20) { try await SilentResends.run($0, keepsConnections: false) }
        #expect(row.faults == 0 && !row.isKept)
        #expect(Tried.table([row]).contains("NO FAULT TOOK EFFECT"))
    }

    @Test func aLongOutageIsBoring() async throws {
        let row = try await Self.run(tries: 100, LongOutage.torture.run)
        #expect(row.isKept, "\(row.details)")
    }

    @Test func oneBadRecordNeverHoldsUpThoseAfterIt() async throws {
        let row = try await Self.run(tries: 60, BadRecords.torture.run)
        #expect(row.isKept, "\(row.details)")
    }

    @Test func aKillBetweenReceiptAndAcknowledgementLosesNothing() async throws {
        let row = try await Self.run(tries: 12, ReceiptKills.torture.run)
        #expect(row.isKept, "\(row.details)")
    }

    @Test func aFleetReturnsGently() async throws {
        let row = try await Self.run(tries: 500, FleetReturn.torture.run)
        #expect(row.isKept, "\(row.details)")
    }

    @Test func aSlowLineIsNoEnd() async throws {
        let row = try await Self.run(tries: 500, SlowLine.torture.run)
        #expect(row.isKept, "\(row.details)")
    }
}
