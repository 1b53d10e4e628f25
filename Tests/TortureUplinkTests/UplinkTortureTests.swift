import Foundation
import RealPrograms
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
