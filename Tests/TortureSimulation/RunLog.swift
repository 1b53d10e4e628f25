import Glibc

/// What happened in a run: a hash over every line, and the lines themselves where somebody wants to read them.
final class RunLog {
    /// FNV-1a over all lines: equal for equal runs.
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private let traces: Bool
    private let start: Int64

    init(traces: Bool, start: Int64) {
        self.traces = traces
        self.start = start
    }

    func add(_ line: String, at now: Int64) {
        for byte in line.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ UInt64(bitPattern: now)) &* 0x100_0000_01B3
        guard traces else { return }
        let seconds = (now - start) / 1000
        let text = "\(seconds).\(String(1000 + (now - start) % 1000).dropFirst()) \(line)\n"
        _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
}
