import Curl

/// The collector's address as it is typed: `https://host` or `https://host:port`, without a path.
struct CollectorAddress: Equatable, Sendable {
    let text: String
    let isPlain: Bool

    init(_ typed: String, allowPlainLoopback: Bool) throws(UplinkError) {
        var text = typed
        while text.hasSuffix("/") { text.removeLast() }
        let host = text.drop { $0 != ":" }.dropFirst(3)
        isPlain = text.hasPrefix("http://")
        guard isPlain || text.hasPrefix("https://"), !host.isEmpty,
            !host.contains(where: { "/?#@ \\".contains($0) || $0.isWhitespace || !$0.isASCII })
        else {
            throw UplinkError(
                UplinkError.usage,
                "\(typed.printable) is no collector's address; give it as https://host:port, without a path")
        }
        guard !isPlain || allowPlainLoopback else {
            throw UplinkError(
                UplinkError.usage,
                "\(text) is plain http, which anybody on the way can read; use https (for a demonstration on one machine "
                    + "there is --allow-plain-loopback)")
        }
        self.text = text
    }
}
