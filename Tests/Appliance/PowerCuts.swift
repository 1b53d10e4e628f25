import Glibc
import RealPrograms
import SeededRandom
import Torture

/// G2: power cuts of an enrolled kiosk while it starts, is rated and uploads, on a drive whose cache forgets. Nothing that
/// was thanked is lost, and the dialog is back each time by itself.
public struct PowerCuts {
    public static let promise = "G2 power cut"
    /// So many dialogs are held up at their flushes before the cuts.
    private static let heldVisits = 3
    /// How long a held flush must keep the thanks back.
    private static let holdSeconds = 2.5

    private let hall: Hall
    private let drive: Drive
    /// Told what happens, for who waits.
    private let progress: Progress
    private var random: SplitMix
    private var row: Tried
    private var startSeconds = 60.0
    private var total = Drive.Cut()
    private var moments: [String: Int] = [:]

    /// The kiosk must be enrolled and off.
    public init(_ hall: Hall, seed: UInt64, progress: Progress) throws {
        self.hall = hall
        self.progress = progress
        random = SplitMix(seed)
        row = Tried(Self.promise, seed: seed)
        drive = Drive(platters: hall.kiosk.disk, folder: hall.kiosk.folder)
        hall.kiosk.drive = drive
    }

    /// So many cuts, then a start, an upload and the comparison.
    public mutating func run(cuts: Int) throws -> Tried {
        var number = 0
        while number < cuts {
            do {
                try cutOnce(number)
            } catch {
                row.violate("cut \(number + 1): \(error)")
                break
            }
            number += 1
            progress.tell(row, of: cuts)
        }
        do {
            try hall.powerOn()
            try hall.drain()
            if let complaint = try hall.compare() { row.violate(complaint) }
            // Without it the drive would forget the last start, which the collector has heard of.
            hall.kiosk.cut()
            total.add(try drive.cut(&random))
        } catch {
            row.violate("the last start: \(error)")
        }
        let kinds = moments.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        progress.line(
            "\(Self.promise): \(kinds); \(hall.said.count) visitors, \(hall.said.count(where: \.isThanked)) thanked; "
                + "\(total.flushes) flushes, \(total.writes) writes, \(total.unflushed) of them not flushed: "
                + "\(total.lost) lost, \(total.torn) torn")
        return row
    }

    /// A start, visitors, and the cut in the middle of it.
    private mutating func cutOnce(_ number: Int) throws {
        let moment = Moment.random(&random, startSeconds: startSeconds)
        let kiosk = hall.kiosk
        var cutter: Cutter?
        var failure: (any Error)?
        if case .starting = moment {
            try kiosk.start()
            cutter = kiosk.process.map { Cutter($0, moment, line: hall.line, writes: drive.logFile) }
            while !kiosk.hasEnded { usleep(20_000) }
        } else {
            startSeconds = try hall.powerOn().seconds
            cutter = kiosk.process.map { Cutter($0, moment, line: hall.line, writes: drive.logFile) }
            do {
                while !kiosk.hasEnded {
                    try hall.visit(mark: 1 + Int(random.next() % 5), by: random.next() % 2 == 0 ? .touch : .buttons)
                }
            } catch { failure = error }
        }
        let hasCut = cutter?.end() ?? false
        kiosk.cut()
        // What was seen while the emulator died is no complaint; anything before is.
        if let failure, !hasCut || failure is EarlyThanks { throw failure }
        let cut = try drive.cut(&random)
        total.add(cut)
        row.tries += 1
        row.faults += hasCut ? 1 : 0
        moments[moment.name, default: 0] += 1
        hall.say(
            "cut \(number + 1) while \(moment.name), the start before took \(Int(startSeconds)) s; of \(cut.writes) writes "
                + "\(cut.unflushed) were not flushed, \(cut.lost) lost and \(cut.torn) torn; \(hall.said.count) visitors"
        )
    }

    /// Holds up the drive's flush after each mark: the next screen, which acknowledges it, must wait for it, and come once it may
    /// go. Ends with a cut.
    public mutating func holdFlushes() throws {
        try hall.powerOn()
        defer { hall.kiosk.cut() }
        for number in 0..<Self.heldVisits {
            let mark = 1 + number % 5
            let idle = try hall.see("idle")
            try hall.press("start", of: idle, key: "\(mark)", by: .touch)
            let question = try hall.see("question-1")
            hall.said.append(Said(mark: mark, isThanked: false))
            let next = try hold(before: "question-2") {
                try hall.press("answer-\(mark)", of: question, key: "\(mark)", by: .touch)
            }
            hall.said[hall.said.count - 1].isThanked = true
            try hall.press("finish", of: next, key: "ret", by: .touch)
            try hall.see("thanks")
        }
        hall.kiosk.cut()
        total.add(try drive.cut(&random))
        hall.say("\(Self.heldVisits) marks waited for a flush of the drive that was held up")
    }

    @discardableResult
    private func hold(before screen: String, _ press: () throws -> Void) throws -> KnownScreens.Known {
        try hall.kiosk.holdFlush()
        try press()
        let began = ContinuousClock.now
        while began.duration(to: .now) < .seconds(Self.holdSeconds) {
            let picture = try hall.kiosk.picture()
            if try hall.screens.name(of: picture, among: [screen]) != nil {
                throw EarlyThanks("the screen \(screen) was shown while the drive's flush was held up")
            }
            usleep(Hall.lookMicroseconds)
        }
        guard try hall.kiosk.releaseFlush() else {
            throw EarlyThanks("a press led to no flush of the drive within \(Self.holdSeconds) s")
        }
        return try hall.see(screen)
    }
}

extension Drive.Cut {
    fileprivate mutating func add(_ other: Self) {
        flushes += other.flushes
        writes += other.writes
        unflushed += other.unflushed
        lost += other.lost
        torn += other.torn
    }
}

extension Hall {
    /// Item 3.
    public func powerCuts(_ cuts: Int, seed: UInt64) throws {
        kiosk.cut()
        var trial = try PowerCuts(self, seed: seed, progress: Progress(quiet: true))
        try trial.holdFlushes()
        let row = try trial.run(cuts: cuts)
        guard row.isKept else { throw ChildError("power cuts, seed \(seed): \(row.details.joined(separator: "; "))") }
        say("\(row.faults) power cuts; nothing that was thanked is lost")
    }
}

// MARK: Wrong on purpose

extension Hall {
    /// Makes of the enrolled kiosk, which is off, one whose file system asks the drive for nothing.
    public func breakFlushes() throws {
        try DataPartition(disk: kiosk.disk, log: kiosk.folder + "/data.log").removeBarriers()
    }
}

extension PowerCuts {
    /// The same on a kiosk that does not flush: gives what was complained of; an error if a complaint is missing.
    public mutating func runWrong(cuts: Int) throws -> [String] {
        var complaints: [String] = []
        do {
            try holdFlushes()
            throw ChildError("the thanks waited for flushes that nobody asks for; is the kiosk wrong at all?")
        } catch let error as EarlyThanks { complaints.append(error.description) }
        _ = try drive.cut(&random)
        hall.demandsFlushes = false
        let row = try run(cuts: cuts)
        guard row.violations > 0 else {
            throw ChildError(
                "\(row.faults) power cuts of a kiosk that never flushes lost nothing: this harness is blind")
        }
        return complaints + row.details
    }
}
