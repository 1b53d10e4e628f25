import Collecting
import CollectorSQLite
import FakeKiosk
import FoundationEssentials
import Ledger
import Ratings
import SeededRandom
import Torture
import Wire

/// G33: order and time survive wrong clocks. Stories of kiosks over the product's own modules, in a simulated world: the
/// kiosk's watch over its clock, and the collector's placing with its SQLite store.
enum WrongClocks {
    static let promise = "G33 wrong clocks"
    static let torture = Torture(promise, tries: 2_000) { try await run($0) }

    /// Boots of one kiosk's story at most.
    private static let bootsOfStory = 20

    /// `trial.tries` boots.
    static func run(_ trial: Trial, subject: TimeSubject = .product) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        let folder = try trial.place.subfolder("g33-\(subject)-\(trial.seed)")
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        defer { try? store.close() }
        var happened: [TrueVisit] = []
        var number: UInt64 = 0
        while row.tries < trial.tries {
            let seed = SplitMix(trial.seed).peeked(number)
            let boots = min(bootsOfStory, trial.tries - row.tries)
            var story = try await Story("g33-\(number)", store: store, seed: seed, subject: subject)
            try await story.live(boots: boots)
            try await story.judge(into: &row)
            happened += story.happened
            row.tries += boots
            row.faults += story.faults
            number += 1
            trial.progress.tell(row, of: trial.tries)
        }
        let counted = try await store.read { try $0.tallies(TallyQuery(by: [])) }
        row.compare(
            happened: happened,
            counted: counted.map { tally in
                var tally = tally
                if subject == .certainOfEverything { tally.uncertain = 0 }
                return tally
            })
        return row
    }
}

extension SplitMix {
    /// A seed for one of many.
    fileprivate func peeked(_ number: UInt64) -> UInt64 {
        var copy = SplitMix(next0 &+ number &* 0x9E37_79B9_7F4A_7C15)
        return copy.next()
    }

    private var next0: UInt64 {
        var copy = self
        return copy.next()
    }
}

/// The life of one kiosk.
struct Story {
    private let store: SQLiteCollectorStore
    private let collector: Collector
    private let subject: TimeSubject
    private var random: SplitMix
    private var kiosk: StoryKiosk
    private var sent: Int64 = 0
    /// The visits that no batch has brought yet: the boot, when it was shown, the mark.
    private var waiting: [(boot: Int, shown: Int64, mark: Int)] = []
    private var boots: Set<Int> = []
    private var late: [FakeRequest] = []
    /// The true time of the last request that was not delayed.
    private var lastContact: Int64 = 0
    /// A copy of the card, as somebody with a reader makes it, and how many records the collector had then.
    private var copy: StoryKiosk?
    private(set) var happened: [TrueVisit] = []
    private(set) var faults = 0
    private var complaints: [String] = []

    /// 2026-11-22T08:00:00Z and the first days of a story.
    private static let start: Int64 = 1_795_334_400_000

    init(_ name: String, store: SQLiteCollectorStore, seed: UInt64, subject: TimeSubject) async throws {
        self.store = store
        self.subject = subject
        random = SplitMix(seed)
        collector = Collector.fake(store: store, seed: seed)
        let now = Self.start + Int64(random.next() % 86_400_000)
        let card = try await collector.enrolFake(name, now: now, seed: seed)
        kiosk = StoryKiosk(card, at: now, subject: subject)
    }

    private mutating func draw(_ count: UInt64) -> UInt64 { random.next() % count }

    mutating func live(boots count: Int) async throws {
        for number in 0..<count {
            let wrong = WrongTime.any(&random)
            let machine = number == 0 || draw(4) != 0
            try kiosk.pass(Int64(draw(machine ? 14 * 3_600_000 : 5_000)))
            let ahead = wrong.ahead(at: kiosk.now, random: &random)
            if abs(ahead) > 1_000 { faults += 1 }
            try kiosk.start(machine: machine, wallAhead: ahead, afterMilliseconds: 3_000 + Int64(draw(40_000)))
            let online = draw(2) == 0
            for _ in 0..<1 + draw(6) { try await doSomething(online: online) }
        }
        // Whatever never met the collector arrives with the next boot that does.
        try kiosk.start(machine: true, wallAhead: 0, afterMilliseconds: 5_000)
        try await upload()
    }

    private mutating func doSomething(online: Bool) async throws {
        switch draw(online ? 9 : 5) {
        case 0, 1: try visit()
        case 2: try setClock()
        case 3: try slew()
        case 4: try kiosk.pass(Int64(draw(3 * 3_600_000)))
        case 5, 6: try await upload()
        case 7: try await heartbeat()
        default: try await deliverLate()
        }
    }

    private mutating func visit() throws {
        try kiosk.pass(5_000 + Int64(draw(600_000)))
        let mark = Int(1 + draw(5))
        waiting.append((kiosk.card.boot, try kiosk.visit(mark: mark), mark))
    }

    /// An NTP server that is right or lies, a technician with a watch.
    private mutating func setClock() throws {
        let ahead = WrongTime.any(&random).ahead(at: kiosk.now, random: &random)
        kiosk.step(by: ahead - kiosk.ahead)
        faults += 1
        try kiosk.pass(15_000)
    }

    /// Steps too small to be seen one by one.
    private mutating func slew() throws {
        let way: Int64 = draw(2) == 0 ? 700 : -700
        for _ in 0..<2 + draw(6) {
            kiosk.step(by: way)
            faults += 1
            try kiosk.pass(12_000)
        }
    }
}

// MARK: The network

extension Story {
    /// The head of a request is there within a second. For four hours after a contact a boot may also meet a line that
    /// takes a minute, and dead connections whose request libcurl sends again.
    private mutating func delay() -> Int64 {
        let quick = 20 + Int64(draw(1_200))
        let isFresh = boots.contains(kiosk.card.boot) && kiosk.now - lastContact < 4 * 3_600_000
        let slow = draw(3) == 0 ? Int64(draw(80_000)) : 0
        if isFresh, slow > 0 {
            faults += 1
            return quick + slow
        }
        lastContact = kiosk.now
        return quick
    }

    private mutating func upload() async throws {
        while sent < kiosk.card.count {
            let (first, last) = (sent + 1, min(sent + 1 + Int64(draw(60)), kiosk.card.count))
            let request = try kiosk.request { try $0.upload(first, last) }
            if draw(3) == 0 { late.append(request) }
            let came = kiosk.now + delay()
            let answer = try await taken(request, at: came)
            guard let answer else {
                return complaints.append("records \(first)-\(last) of a healthy kiosk are refused")
            }
            kiosk.take(receipt: answer.receipt)
            boots.insert(kiosk.card.boot)
            arrived(upTo: last)
            try kiosk.pass(came - kiosk.now)
            if copy == nil, draw(8) == 0 { copy = kiosk }
        }
    }

    private func taken(_ request: FakeRequest, at now: Int64) async throws -> UploadAnswer? {
        do {
            return try await collector.take(request, of: kiosk.card, now: now)
        } catch is Refusal {
            return nil
        }
    }

    private mutating func arrived(upTo last: Int64) {
        sent = last
        while let next = waiting.first, shownSequence(happened.count) <= last {
            waiting.removeFirst()
            happened.append(
                TrueVisit(shown: next.shown...next.shown, met: boots.contains(next.boot), mark: next.mark))
        }
    }

    /// The sequence of the visit's `shown` record.
    private func shownSequence(_ visit: Int) -> Int64 { kiosk.shown[visit] }

    private mutating func heartbeat() async throws {
        let request = try kiosk.request { try $0.heartbeat() }
        let came = kiosk.now + delay()
        if let refusal = try await heard(request, at: came) {
            complaints.append("a heartbeat of a healthy kiosk is refused: \(refusal.message)")
        }
        boots.insert(kiosk.card.boot)
        try kiosk.pass(came - kiosk.now)
    }

    private func heard(_ request: FakeRequest, at now: Int64) async throws -> Refusal? {
        do {
            let permit = try await collector.authorizeHeartbeat(request.head, kiosk: kiosk.card.id)
            _ = try await collector.heartbeat(permit, body: request.body, now: now)
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }

    /// A copy of an old request comes out of the network, whatever its wall clock said.
    private mutating func deliverLate() async throws {
        guard !late.isEmpty else { return }
        let request = late.remove(at: Int(draw(UInt64(late.count))))
        faults += 1
        if try await taken(request, at: kiosk.now) == nil {
            complaints.append("a late repeat of records \(request.first)-\(request.last) is refused")
        }
    }
}

// MARK: The end

extension Story {
    /// Compares what the collector holds with what happened, and then puts the copy of the card back.
    mutating func judge(into row: inout Tried) async throws {
        let id = kiosk.card.id
        for complaint in complaints { row.violate("\(id): \(complaint)") }
        if kiosk.steps != kiosk.clockRecords {
            row.violate("\(id): \(kiosk.steps) steps of the wall clock, and \(kiosk.clockRecords) are on record")
        }
        let (epochs, lines, placed) = try await store.read { snapshot in
            let epochs = try snapshot.epochs(of: id)
            var lines: [Data] = []
            for epoch in epochs { try snapshot.forEachLine(of: epoch.chain) { lines.append($1) } }
            return (epochs, lines, try epochs.flatMap { try snapshot.sessions(of: $0.chain) }.map(PlacedVisit.init))
        }
        if epochs.map(\.state) != [.open] { row.violate("\(id): a healthy epoch is \(epochs.map(\.state))") }
        if lines != kiosk.card.lines { row.violate("\(id): the records are not as they were written") }
        if try lines.map({ try Record(line: $0).header.wall }) != kiosk.walls {
            row.violate("\(id): the wall times are not as the clock showed them")
        }
        let seen = subject == .certainOfEverything ? placed.map(\.certain) : placed
        row.compare(id.rawValue, happened: happened, placed: seen)
        try await putBack(into: &row)
    }

    /// The card as it was earlier, started again with any wall clock, is known at its first contact.
    private mutating func putBack(into row: inout Tried) async throws {
        guard var old = copy, old.card.count + 1 < sent else { return }
        faults += 1
        try old.pass(kiosk.now - old.now)
        let ahead = WrongTime.any(&random).ahead(at: kiosk.now, random: &random)
        try old.start(machine: true, wallAhead: ahead, afterMilliseconds: 3_000 + Int64(draw(100_000)))
        let request = try old.request { try $0.heartbeat() }
        let refusal = try await heard(request, at: old.now + 100)
        if refusal?.error != .rewindKiosk {
            row.violate("\(kiosk.card.id): a card that was set back by \(sent - old.card.count) records is not noticed")
        }
    }
}

extension PlacedVisit {
    fileprivate var certain: PlacedVisit {
        var copy = self
        copy.uncertainty = 0
        return copy
    }
}
