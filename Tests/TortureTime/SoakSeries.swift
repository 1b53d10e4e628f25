import FoundationEssentials
import Glibc
import RealPrograms

/// What a process holds at one moment.
struct Holding: Equatable, Sendable {
    /// Seconds since the soak began.
    var time: Double
    /// Resident memory and its proportional share, KiB.
    var resident: Double
    var proportional: Double
    var descriptors: Double
    var threads: Double

    /// Nothing for a process that has ended.
    init?(of process: pid_t, time: Double) {
        let status = (try? String(contentsOf: URL(filePath: "/proc/\(process)/status"), encoding: .utf8)) ?? ""
        func field(_ name: String) -> Double? {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
            return line.flatMap { Double($0.filter(\.isNumber)) }
        }
        guard let resident = field("VmRSS:"), let threads = field("Threads:"),
            let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
        else { return nil }
        self.time = time
        self.resident = resident
        self.threads = threads
        proportional = ((try? ProcessMemory.proportional(process)) ?? 0) * 1e6 / 1024
        descriptors = Double(open.count)
    }

    init(time: Double, resident: Double, descriptors: Double, threads: Double) {
        self.time = time
        self.resident = resident
        proportional = resident
        self.descriptors = descriptors
        self.threads = threads
    }
}

/// What one process held over its time, and whether that is flat.
///
/// The slope is Theil's and Sen's: the median of the slopes between all pairs of samples, which a burst does not move. It
/// counts from a quarter of the soak on, and by so many per cent an hour of what the process holds. Because memory comes in
/// pages and allocators keep some of them, a rise that is smaller than `pages` over the whole time is no slope.
struct SoakSeries: Sendable {
    /// "1 %/h" (`reliability.md` G32).
    static let mostSlope = 0.01
    /// KiB.
    static let pages = 256.0
    /// Descriptors may differ by so many between the first and the last quarter of the time: connections that are open just
    /// then. Threads of pools come and go with the load, so of them the most of the first quarter and the least of the last
    /// one are compared.
    static let mostMore = 2.0

    var name: String
    private(set) var samples: [Holding] = []

    init(_ name: String) { self.name = name }

    mutating func add(_ sample: Holding) { samples.append(sample) }

    /// The samples after warm-up.
    private func warm(from: Double) -> [Holding] { samples.filter { $0.time >= from } }

    /// KiB an hour of resident memory.
    func slope(from: Double) -> Double {
        let samples = warm(from: from)
        var slopes: [Double] = []
        for (index, first) in samples.enumerated() {
            for second in samples[(index + 1)...] where second.time > first.time {
                slopes.append((second.resident - first.resident) / (second.time - first.time) * 3600)
            }
        }
        return Self.median(slopes)
    }

    /// Complaints about the samples from `from` seconds on; a series too short to judge is one. A soak of a few minutes
    /// only fills caches: then `judgesSlope` is false, and the slope is told and not judged.
    func judge(from: Double, judgesSlope: Bool = true) -> [String] {
        let samples = warm(from: from)
        guard samples.count >= 8, let first = samples.first, let last = samples.last else {
            return ["\(name): only \(samples.count) samples after warm-up"]
        }
        var complaints: [String] = []
        let slope = slope(from: from)
        let share = slope / max(1, Self.median(samples.map(\.resident)))
        let rise = slope * (last.time - first.time) / 3600
        if judgesSlope, share > Self.mostSlope, rise > Self.pages {
            complaints.append("\(name) grows by \(Self.percent(share)) % an hour, \(Int(rise)) KiB in all")
        }
        let quarter = samples.count / 4
        let (early, late) = (samples.prefix(quarter), samples.suffix(quarter))
        let (before, after) = (Self.median(early.map(\.descriptors)), Self.median(late.map(\.descriptors)))
        if after > before + Self.mostMore { complaints.append("\(name) has \(after) descriptors, and had \(before)") }
        let (most, least) = (early.map(\.threads).max() ?? 0, late.map(\.threads).min() ?? 0)
        if least > most { complaints.append("\(name) never has fewer than \(least) threads, and had \(most) at most") }
        return complaints
    }

    /// One line.
    func summary(from: Double) -> String {
        let samples = warm(from: from)
        guard let first = samples.first, let last = samples.last else { return "\(name): no samples" }
        let share = slope(from: from) / max(1, Self.median(samples.map(\.resident)))
        func range(_ path: KeyPath<Holding, Double>) -> String {
            let values = samples.map { $0[keyPath: path] }
            return "\(Int(values.min() ?? 0))-\(Int(values.max() ?? 0))"
        }
        return "\(name): \(samples.count) samples in \(Int(last.time - first.time)) s, RSS \(Int(first.resident)) to "
            + "\(Int(last.resident)) KiB (\(Self.percent(share)) %/h), PSS \(Int(first.proportional)) to "
            + "\(Int(last.proportional)) KiB, descriptors \(range(\.descriptors)), threads \(range(\.threads))"
    }

    private static func percent(_ share: Double) -> Double { (share * 10_000).rounded() / 100 }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
