import FakeKiosk
import Ledger
import Ratings
import Testing
import Wire

@testable import Collecting

/// The decision of reliability.md §6.3 as a table: the chain holds records 1–40, hash `h(n)` is that of record n.
@Suite struct DecisionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var state = EpochState.open
        var stored: Int64 = 40
        var claimed: Int64? = 40
        var first: Int64
        var last: Int64
        var head: Int64
        /// The chain that the batch belongs to: another letter, another journal.
        var chain = "a"
        var receipted: Int64 = 0
        /// Whether the request was made after the newest one known.
        var later = true
        var expected: UploadDecision

        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(name: "the next records are stored", first: 41, last: 60, head: 60, expected: .store(from: 41)),
        Row(
            name: "the very first are stored", stored: 0, claimed: nil, first: 1, last: 9, head: 9,
            expected: .store(from: 1)),
        Row(name: "an overlap is skipped", first: 31, last: 60, head: 60, expected: .store(from: 41)),
        Row(name: "a repeat is answered", first: 21, last: 40, head: 40, expected: .repeated),
        Row(name: "an old repeat of a newer request too", first: 21, last: 30, head: 45, expected: .repeated),
        Row(
            name: "a late one with an old head too", first: 1, last: 20, head: 20, later: false, expected: .repeated),
        Row(name: "a hole is named", first: 42, last: 60, head: 60, expected: .gap(need: 41)),
        Row(
            name: "a hole in an empty chain is named", stored: 0, claimed: nil, first: 2, last: 3, head: 3,
            expected: .gap(need: 1)),
        Row(name: "a head below H closes", first: 1, last: 20, head: 20, expected: .rewindKiosk),
        Row(name: "a diverged head below H closes", first: 11, last: 25, head: 25, chain: "b", expected: .rewindKiosk),
        Row(
            name: "a late head of another journal forks", first: 11, last: 25, head: 25, chain: "b", later: false,
            expected: .fork),
        Row(
            name: "a receipt above H asks for what is lost", first: 51, last: 60, head: 60, receipted: 50,
            expected: .rewindCollector(need: 41)),
        Row(
            name: "what is lost is taken back", first: 41, last: 50, head: 60, receipted: 50, expected: .store(from: 41)
        ),
        Row(name: "with an overlap too", first: 30, last: 50, head: 60, receipted: 50, expected: .store(from: 41)),
        Row(
            name: "a repeat with a receipt above H asks too", first: 21, last: 30, head: 60, receipted: 50,
            expected: .rewindCollector(need: 41)),
        Row(
            name: "a receipt at H is nothing new", first: 41, last: 50, head: 60, receipted: 40,
            expected: .store(from: 41)),
        Row(name: "an overlap that differs forks", first: 31, last: 60, head: 60, chain: "b", expected: .fork),
        Row(name: "a stored range that differs forks", first: 21, last: 30, head: 60, chain: "b", expected: .fork),
        Row(name: "a next record on another past forks", first: 41, last: 60, head: 60, chain: "b", expected: .fork),
        Row(name: "a head at H that differs forks", first: 1, last: 10, head: 40, chain: "late b", expected: .fork),
        Row(
            name: "a superseded epoch takes its rest", state: .superseded, first: 41, last: 60, head: 60,
            expected: .store(from: 41)),
        Row(
            name: "a closed epoch takes nothing new", state: .closed, first: 41, last: 60, head: 60,
            expected: .epochClosed),
        Row(
            name: "a closed epoch still answers a repeat", state: .closed, first: 21, last: 40, head: 40,
            expected: .repeated),
        Row(
            name: "a closed epoch does not fork", state: .closed, first: 21, last: 40, head: 50, chain: "b",
            expected: .epochClosed),
        Row(name: "a revoked one is told so first", state: .revoked, first: 1, last: 2, head: 2, expected: .revoked),
    ]

    @Test(arguments: rows) func `every row of the decision`(_ row: Row) {
        let clock = KioskClock(boot: 3, bootMilliseconds: 10_000)
        let moment = RequestMoment(created: 5000, clock: clock)
        let claim = row.claimed.map {
            HeadClaim(
                note: "", sequence: $0, created: row.later ? 4000 : 6000, boot: 3,
                bootMilliseconds: row.later ? 9000 : 11_000)
        }
        let stored = Self.head(row.stored, "a")
        let overlaps = row.first <= row.stored
        let shared = min(row.last, row.stored)
        let facts = ChainFacts(
            state: row.state, head: stored, claim: claim, shared: overlaps ? Self.hash(shared, "a") : nil)
        let past = row.chain == "late b" ? "a" : row.chain
        let outline = BatchOutline(
            first: row.first, last: row.last, previous: Self.hash(row.first - 1, past),
            sharedHash: overlaps ? Self.hash(shared, past) : nil, head: Self.head(row.head, row.chain), moment: moment)
        #expect(facts.decide(outline, receipted: row.receipted) == row.expected)
    }

    @Test(arguments: [
        ("same boot, later", 3, Int64(10_001), Int64(1000), true),
        ("same boot, earlier", 3, 9999, 1000, false),
        ("same boot, earlier, although the wall clock stepped", 3, 9999, 1059, false),
        ("next boot, wall clock unset", 4, 1, 0, true),
        ("the same boot counted again, an hour later", 3, 500, 4600, false),
        ("an earlier boot, while the wall clock was years ahead", 2, 500, 400_000_000, false),
        ("an earlier boot, wall clock unset", 2, 500, 0, false),
        ("the very same request", 3, 10_000, 1000, false),
    ])
    func `a request is later by the boot clock alone`(
        _ name: String, boot: Int, milliseconds: Int64, created: Int64, later: Bool
    ) {
        let claim = HeadClaim(note: "", sequence: 9, created: 1000, boot: 3, bootMilliseconds: 10_000)
        let moment = RequestMoment(created: created, clock: KioskClock(boot: boot, bootMilliseconds: milliseconds))
        #expect(moment.isLater(than: claim) == later)
    }

    /// Found by the simulator: a kiosk without a battery starts in 1970 after a power cut, and a request from before it
    /// is delivered late.
    @Test func `a late repeat from before the wall clock went back is no rewind`() {
        let claim = HeadClaim(note: "", sequence: 40, created: 100, boot: 3, bootMilliseconds: 10_000)
        let moment = RequestMoment(created: 1_795_000_000, clock: KioskClock(boot: 2, bootMilliseconds: 500_000))
        let old = Self.head(20, "a")
        let facts = ChainFacts(state: .open, head: Self.head(40, "a"), claim: claim, atSignedHead: old.hash)
        #expect(facts.verdict(on: old, at: moment) == .late)
    }

    /// The start of the program on such a card writes a record of its own, so its head names one that is not stored.
    @Test(arguments: [Int64(0), 100, 4_000_000_000], [(2, Int64(500)), (3, 9_000), (3, 11_000), (4, 1)])
    func `a card that was set back is known whatever its clocks say`(created: Int64, clock: (boot: Int, Int64)) {
        let claim = HeadClaim(note: "", sequence: 40, created: 1_795_000_000, boot: 3, bootMilliseconds: 10_000)
        let moment = RequestMoment(created: created, clock: KioskClock(boot: clock.boot, bootMilliseconds: clock.1))
        let facts = ChainFacts(
            state: .open, head: Self.head(40, "a"), claim: claim, atSignedHead: Self.head(20, "a").hash)
        #expect(facts.verdict(on: Self.head(20, "b"), at: moment) == .rewound)
    }

    /// A request that was signed while the wall clock stood years ahead, and delivered after it had been corrected.
    @Test(arguments: [Int64(0), 1_795_000_000, 4_000_000_000])
    func `a late request of a healthy kiosk closes nothing whatever its wall clock said`(created: Int64) {
        let claim = HeadClaim(note: "", sequence: 40, created: 1_795_000_000, boot: 3, bootMilliseconds: 10_000)
        let old = Self.head(20, "a")
        let facts = ChainFacts(state: .open, head: Self.head(40, "a"), claim: claim, atSignedHead: old.hash)
        for clock in [KioskClock(boot: 3, bootMilliseconds: 9_000), KioskClock(boot: 2, bootMilliseconds: 90_000)] {
            #expect(facts.verdict(on: old, at: RequestMoment(created: created, clock: clock)) == .late)
        }
    }

    @Test func `a head that lost its unsent tail is told apart from one that went back`() {
        let moment = RequestMoment(created: 2000, clock: KioskClock(boot: 3, bootMilliseconds: 20_000))
        let claim = HeadClaim(note: "", sequence: 60, created: 1000, boot: 3, bootMilliseconds: 10_000)
        let facts = ChainFacts(state: .open, head: Self.head(40, "a"), claim: claim)
        #expect(facts.verdict(on: Self.head(60, "a"), at: moment) == .plain)
        #expect(facts.verdict(on: Self.head(50, "a"), at: moment) == .tailCut)
        #expect(facts.verdict(on: Self.head(39, "a"), at: moment) == .rewound)
    }

    private static func hash(_ sequence: Int64, _ chain: String) -> ChainHash {
        ChainHash(of: Array("\(chain) \(sequence)".utf8))
    }

    private static func head(_ sequence: Int64, _ chain: String) -> ChainHead {
        ChainHead(kiosk: "k", epoch: 1, sequence: sequence, hash: hash(sequence, chain))
    }
}
