import Ratings

@testable import KioskShell

/// Who is judged: the product, or a kiosk and a collector that are wrong on purpose.
enum TimeSubject: CaseIterable, Sendable {
    case product
    /// A kiosk that takes its wall clock for the clock of its records.
    case bootClockFromWall
    /// A kiosk that compares its wall clock with the last look only: small steps add up unseen.
    case forgetfulWatch
    /// A kiosk that corrects the wall time of its records.
    case correctedWall
    /// A collector whose report forgets that a time is an interval.
    case certainOfEverything
}

/// The kiosk's watch over its wall clock, or the forgetful one.
struct Watching {
    private var product: ClockWatch
    private var last: Int64
    private var lastWall: String
    private let isForgetful: Bool

    init(_ subject: TimeSubject, offset: Int64, wall: String) {
        product = ClockWatch(offset: offset, wall: wall)
        (last, lastWall) = (offset, wall)
        isForgetful = subject == .forgetfulWatch
    }

    mutating func look(offset: Int64, wall: String) -> ClockChange? {
        defer { (last, lastWall) = (offset, wall) }
        guard isForgetful else { return product.look(offset: offset, wall: wall) }
        return abs(offset - last) > ClockWatch.stepMilliseconds ? ClockChange(old: lastWall, new: wall) : nil
    }
}
