import KioskControl

/// How long the newest presses took from the reading of the kernel's event to the frame in the display's hands.
///
/// A press that changes no picture (a locked dialog, a place without a target) has no frame and is not counted.
struct PressLatencies {
    /// How many presses are remembered; older ones are forgotten.
    static let capacity = 512

    private var microseconds: [Int32] = []
    private var oldest = 0

    mutating func add(nanoseconds: Int64) {
        let value = Int32(clamping: nanoseconds / 1000)
        guard microseconds.count == Self.capacity else { return microseconds.append(value) }
        microseconds[oldest] = value
        oldest = (oldest + 1) % Self.capacity
    }

    /// Nothing before the first press.
    var summary: PressToFrame? {
        guard !microseconds.isEmpty else { return nil }
        let sorted = microseconds.sorted()
        return PressToFrame(
            count: sorted.count, p50: Int(sorted[sorted.count / 2]), p99: Int(sorted[sorted.count * 99 / 100]))
    }
}
