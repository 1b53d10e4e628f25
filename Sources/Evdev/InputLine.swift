import FoundationEssentials

/// One line of `otsenka-kiosk input`:
/// `{"t":seconds,"device":"name","kind":"down|move|up|key","id":n,"x":0…1,"y":0…1,"key":"KEY_1"}`.
///
/// `t` is CLOCK_MONOTONIC. A contact has `id`, `x`, `y`; a key has `key` and appears once, when pressed. A contact that
/// was concluded and not read (see `InputEvent.synthesised`) has `"synthesised":true`, an end that was no lift
/// `"cancelled":true`; both are absent otherwise.
public struct InputLine: Encodable, Equatable, Sendable {
    public var t: Double
    public var device: String
    public var kind: String
    public var id: Int?
    public var x: Double?
    public var y: Double?
    public var key: String?
    public var synthesised: Bool?
    public var cancelled: Bool?

    /// Nil for what is not printed: devices coming and going, releases of keys, and keys that were found pressed.
    public init?(_ event: InputEvent, device: String) {
        t = Double(event.time) / 1_000_000
        self.device = device
        switch event.kind {
        case .down(let contact, let x, let y): (kind, id, self.x, self.y) = ("down", contact, rounded(x), rounded(y))
        case .move(let contact, let x, let y): (kind, id, self.x, self.y) = ("move", contact, rounded(x), rounded(y))
        case .up(let contact, let x, let y, let isCancelled):
            (kind, id, self.x, self.y) = ("up", contact, rounded(x), rounded(y))
            if isCancelled { cancelled = true }
        case .key(_, let name, pressed: true) where !event.synthesised: (kind, key) = ("key", name)
        default: return nil
        }
        if event.synthesised { synthesised = true }
    }

    /// JSON without a line break; the keys are in alphabetical order.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers that are not finite cannot occur: times are integers, coordinates are clamped.
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}

/// Six decimals: finer than any panel, and free of the binary tail.
private func rounded(_ share: Double) -> Double { (share * 1_000_000).rounded() / 1_000_000 }
