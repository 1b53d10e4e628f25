import Glibc
import RealPrograms

/// What one run of a torture is given.
public struct Trial: Sendable {
    public var seed: UInt64
    /// How many times, states or records; each torture says what it counts.
    public var tries: Int
    /// Its own folder, and the programs that it starts.
    public var place: Place
    public var progress: Progress

    public init(seed: UInt64, tries: Int, place: Place, progress: Progress = Progress(quiet: true)) {
        self.seed = seed
        self.tries = tries
        self.place = place
        self.progress = progress
    }
}

/// One torture: how it is called and what it does.
public struct Torture: Sendable {
    /// "G1 process kill": the number in `reliability.md` and a few words.
    public var promise: String
    /// The figure of the N tier.
    public var tries: Int
    public var run: @Sendable (Trial) async throws -> Tried

    public init(_ promise: String, tries: Int, run: @escaping @Sendable (Trial) async throws -> Tried) {
        self.promise = promise
        self.tries = tries
        self.run = run
    }

    /// "G1".
    public var number: String { String(promise.prefix { $0 != " " }) }
}

/// Tells somebody who waits how far it is: at most a line every five seconds, on standard error.
public final class Progress: @unchecked Sendable {
    private let quiet: Bool
    private var said = ContinuousClock.now
    private let began = ContinuousClock.now

    public init(quiet: Bool = false) { self.quiet = quiet }

    public func tell(_ row: Tried, of tries: Int) {
        guard !quiet, said.duration(to: .now) >= .seconds(5) else { return }
        said = .now
        line(
            "\(row.promise): \(row.tries) of \(tries), \(row.faults) faults, \(row.violations) violations, "
                + "\(began.duration(to: .now).components.seconds) s")
    }

    public func line(_ text: String) {
        if quiet { return }
        let bytes = Array("otsenka-torture: \(text)\n".utf8)
        // A line that cannot be written has nobody who could read it.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
