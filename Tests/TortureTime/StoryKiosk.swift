import FakeKiosk
import FoundationEssentials
import Ratings
import SeededRandom

@testable import KioskShell

/// A kiosk in a world with a true time: the real watch over its wall clock and the real judgement of it, a journal in
/// memory.
struct StoryKiosk {
    /// How often a kiosk looks at its wall clock, milliseconds.
    static let look = Housekeeping.lookMilliseconds

    private(set) var card: FakeKiosk
    private let subject: TimeSubject
    /// The true time, milliseconds since 1970.
    private(set) var now: Int64
    /// When the machine started.
    private var started: Int64
    /// How far the wall clock is ahead of the true time, milliseconds.
    private(set) var ahead: Int64 = 0
    private var watch: Watching
    private var lastLook: Int64
    /// Every record's wall time as it was read, in order: nobody may change it later.
    private(set) var walls: [String] = []
    /// The sequences of the `shown` records.
    private(set) var shown: [Int64] = []
    /// Steps beyond a second that a look has met, and `clock` records.
    private(set) var steps = 0
    private(set) var clockRecords = 0
    private var unseen: Int64 = 0

    init(_ card: FakeKiosk, at now: Int64, subject: TimeSubject) {
        self.card = card
        self.subject = subject
        (self.now, started, lastLook) = (now, now - 1_000, now)
        watch = Watching(subject, offset: 0, wall: "")
        self.card.boot = 0
    }

    private var wallTime: Int64 { now + ahead }
    private var wall: String { Self.text(wallTime) }
    private var bootMilliseconds: Int64 { now - started }
    private var offset: Int64 { wallTime - bootMilliseconds }

    /// The program starts: after the machine, or alone.
    mutating func start(machine: Bool, wallAhead: Int64, afterMilliseconds: Int64) throws {
        if machine { started = now }
        ahead = wallAhead
        now += afterMilliseconds
        card.boot += 1
        watch = Watching(subject, offset: offset, wall: wall)
        (unseen, lastLook) = (0, now)
        try write(.boot(Boot(hardware: "story", program: "0")))
    }

    /// Somebody sets the wall clock.
    mutating func step(by milliseconds: Int64) {
        ahead += milliseconds
        unseen += milliseconds
    }

    /// Time passes, with the kiosk's looks at its clock in it.
    mutating func pass(_ milliseconds: Int64) throws {
        let end = now + milliseconds
        if unseen != 0, lastLook + Self.look <= end {
            now = max(now, lastLook + Self.look)
            let shouldBeSeen = abs(unseen) > ClockWatch.stepMilliseconds
            if let change = watch.look(offset: offset, wall: wall) {
                clockRecords += 1
                try write(.clock(change))
            }
            if shouldBeSeen {
                steps += 1
                unseen = 0
            }
        }
        now = max(now, end)
        lastLook = max(lastLook, now - (now - lastLook) % Self.look)
    }

    /// A whole dialog; gives when it was shown.
    mutating func visit(mark: Int) throws -> Int64 {
        let session = card.newSession()
        let time = now
        shown.append(card.head.sequence + 1)
        try write(.shown(Shown(session: session, questionnaire: "default@1", language: "ru", visit: .unsolicited)))
        try pass(1_500)
        try write(
            .answer(
                Answer(session: session, question: "overall", value: mark, language: "ru", elapsedMilliseconds: 1500)))
        try write(.session(SessionEnd(session: session, outcome: .answered, durationMilliseconds: 1500)))
        return time
    }

    private mutating func write(_ body: RecordBody) throws {
        let written = subject == .correctedWall ? Self.text(now) : wall
        walls.append(wall)
        let header = RecordHeader(
            kiosk: card.id, epoch: card.epoch, sequence: card.head.sequence + 1, boot: card.boot,
            bootMilliseconds: recordMilliseconds, wall: written,
            clock: WallClock.state(of: wall, isSynchronised: false),
            previous: card.head.hash.base64)
        try card.append(line: try Record(header: header, body: body).line(), sequence: header.sequence)
    }

    private static func text(_ time: Int64) -> String {
        WallClock.text(seconds: Int(time / 1000), milliseconds: Int(time % 1000))
    }

    /// The clock of records and requests.
    private var recordMilliseconds: Int64 {
        subject == .bootClockFromWall ? max(0, wallTime - started) : bootMilliseconds
    }

    /// Makes a request with the clocks as they stand.
    mutating func request<Value>(_ make: (inout FakeKiosk) throws -> Value) rethrows -> Value {
        card.bootMilliseconds = recordMilliseconds
        card.wall = wallTime
        return try make(&card)
    }

    mutating func take(receipt: String) { card.receipt = receipt }
}
