/// One way in which a screen can be driven.
struct ScreenMode: Equatable, CustomStringConvertible {
    var size: PixelSize
    var refreshMillihertz: Int
    var isPreferred = false
    var isInterlaced = false

    var description: String { "\(size)@\(Self.hertz(refreshMillihertz))" }

    /// "60" or "59.940".
    static func hertz(_ millihertz: Int) -> String {
        let fraction = millihertz % 1000
        guard fraction != 0 else { return "\(millihertz / 1000)" }
        let digits = "\(fraction + 1000)".dropFirst()
        return "\(millihertz / 1000).\(digits)"
    }

    /// The rate of a mode line. `refresh` of the kernel's mode is rounded to whole hertz, which cannot tell 59.94 from
    /// 60; the rule for interlaced and double-scan lines is drm_mode_vrefresh() of the kernel.
    static func refreshMillihertz(
        clockKilohertz: Int, horizontalTotal: Int, verticalTotal: Int, scan: Int, isInterlaced: Bool,
        isDoubleScan: Bool
    ) -> Int {
        var numerator = clockKilohertz * 1_000_000
        var denominator = horizontalTotal * verticalTotal
        guard denominator > 0 else { return 0 }
        if isInterlaced { numerator *= 2 }
        if isDoubleScan { denominator *= 2 }
        if scan > 1 { denominator *= scan }
        return (numerator + denominator / 2) / denominator
    }

    /// The index of the mode to use, or nil if none fits.
    ///
    /// Without a request: the preferred mode, else the one with the most pixels. With a size: the preferred mode if it
    /// has it, else the rate nearest to 60 Hz. With a rate too: the nearest within half a hertz. Interlaced modes come
    /// last, because thin lines flicker in them.
    static func choose(from modes: [ScreenMode], request: ModeRequest?) -> Int? {
        func distance(_ mode: ScreenMode, from millihertz: Int) -> Int { abs(mode.refreshMillihertz - millihertz) }
        let usable = modes.indices.filter { index in
            let mode = modes[index]
            guard max(mode.size.width, mode.size.height) <= Canvas.largestSide else { return false }
            guard let request else { return true }
            guard mode.size == request.size else { return false }
            return request.refreshMillihertz.map { distance(mode, from: $0) <= 500 } ?? true
        }
        return usable.min { first, second in
            let ranks = [first, second].map { index -> [Int] in
                let mode = modes[index]
                let interlaced = mode.isInterlaced ? 1 : 0
                let preferred = mode.isPreferred ? 0 : 1
                if let rate = request?.refreshMillihertz { return [interlaced, distance(mode, from: rate), index] }
                let area = mode.size.width * mode.size.height
                return [interlaced, preferred, -area, distance(mode, from: 60_000), index]
            }
            return ranks[0].lexicographicallyPrecedes(ranks[1])
        }
    }
}
