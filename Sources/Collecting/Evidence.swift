import FoundationEssentials
import Ledger

/// The texts over which lists of heads are made: what the collector alone says of an epoch, in words that do not depend
/// on how a store numbers its chains. They are part of the format (`HeadsList`): a changed text is a new version.
enum Evidence {
    static func register(_ epoch: EpochRow) -> ChainHash {
        ChainHash(
            of: Data(
                """
                otsenka epoch
                \(epoch.kiosk)/\(epoch.epoch)
                \(epoch.place.office)
                \(epoch.place.service)
                \(epoch.place.window)
                \(epoch.journalKey.base64)
                \(epoch.collectorNonce)
                \(epoch.origin.rawValue)
                \(epoch.opened)

                """.utf8))
    }

    static let noBranches = ChainHash(of: Data("otsenka branches\n".utf8))
    static let noEvents = ChainHash(of: Data("otsenka events\n".utf8))

    static func trail(_ trail: ChainHash, over arrival: ArrivalRow) -> ChainHash {
        next(
            trail,
            "\(arrival.first)-\(arrival.last)\n\(arrival.received)\n\(arrival.clocks.text)\n\(arrival.checkpoint)")
    }

    static func trail(_ trail: ChainHash, over branch: BranchRow) -> ChainHash {
        let lines = ChainHash(of: branch.lines)
        return next(
            trail,
            "\(branch.first)-\(branch.last)\n\(branch.reason.rawValue)\n\(branch.received)\n\(lines)\n\(branch.checkpoint)"
        )
    }

    static func trail(_ trail: ChainHash, over event: EventRow) -> ChainHash {
        next(
            trail,
            "\(event.time)\n\(event.kind.rawValue)\n\(event.kiosk?.rawValue ?? "-")/\(event.epoch)\n\(event.message)\n")
    }

    private static func next(_ trail: ChainHash, _ text: String) -> ChainHash {
        ChainHash(of: Data("\(trail)\n\(text)".utf8))
    }
}
