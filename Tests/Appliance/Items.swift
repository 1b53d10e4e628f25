/// What `make test-image` shows, by the numbers of the list in `kiosk-image/README.md`.
public enum Item: Int, CaseIterable, Sendable {
    case firstDay = 1
    case cablePulled = 2
    case powerCuts = 3
    case updates = 4
    case noWayOut = 5
    case badStarts = 6
    case inside = 7
    case badFiles = 8
    case serviced = 9
}

extension Hall {
    /// So many power cuts in item 3.
    public static let cuts = 8

    /// The chosen items on one kiosk, in an order in which each finds what it needs. `bundles` is the folder of
    /// `kiosk-image/make-test-bundles`, for items 4 and 9.
    public func show(_ items: Set<Item>, seed: UInt64, bundles: String) throws {
        if items.contains(.badFiles) { try badFiles() } else { try firstStart() }
        if items.contains(.firstDay) { try firstDay() }
        if items.contains(.cablePulled) { try cablePulled() }
        if items.contains(.noWayOut) { try noWayOut() }
        if items.contains(.inside) { try inside() }
        if items.contains(.serviced) { try serviced(bundles: bundles) }
        if items.contains(.updates) { try updates(bundles: bundles) }
        if items.contains(.powerCuts) { try powerCuts(Self.cuts, seed: seed) }
        if items.contains(.badStarts) { try badStarts() }
    }
}
