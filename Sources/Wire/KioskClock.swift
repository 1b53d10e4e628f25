import RawStructuredFieldValues

/// The field `Otsenka-Clock`: where the kiosk's boot clock stands as it sends, so that the collector can place records.
public struct KioskClock: Equatable, Sendable {
    public var boot: Int
    /// CLOCK_BOOTTIME, milliseconds.
    public var bootMilliseconds: Int64

    public init(boot: Int, bootMilliseconds: Int64) {
        self.boot = boot
        self.bootMilliseconds = bootMilliseconds
    }

    /// Nothing unless both members are there, as whole numbers that are not negative.
    public init?(field: String) {
        var parser = StructuredFieldValueParser(Array(field.utf8))
        guard let members = try? parser.parseDictionaryFieldValue(), case .item(let boot) = members["boot"],
            case .item(let milliseconds) = members["ms"], case .integer(let bootNumber) = boot.rfc9651BareItem,
            case .integer(let time) = milliseconds.rfc9651BareItem, bootNumber >= 0, time >= 0
        else { return nil }
        self.init(boot: Int(bootNumber), bootMilliseconds: time)
    }

    public var field: String { "boot=\(boot), ms=\(bootMilliseconds)" }
}
