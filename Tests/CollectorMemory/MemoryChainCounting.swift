import Collecting
import Ratings

extension MemoryTransaction {
    func chainCounts() -> [Int64: ChainCounts] {
        var found: [Int64: ChainCounts] = [:]
        for (number, chain) in state.chains {
            var counts = ChainCounts()
            counts.sessions = chain.sessions.count
            counts.uncertain = chain.sessions.values.count { $0.uncertainty > 0 }
            counts.late = chain.sessions.values.count { Self.isLate($0, chain) }
            counts.forks = chain.branches.count { $0.reason == .fork }
            counts.afterRevocation = chain.branches.count { $0.reason == .revoked }
            if counts != ChainCounts() { found[number] = counts }
        }
        for event in state.events {
            guard let epoch = state.epochs.first(where: { $0.kiosk == event.kiosk && $0.epoch == event.epoch }) else {
                continue
            }
            found[epoch.chain, default: ChainCounts()].events[event.kind, default: 0] += 1
        }
        return found
    }

    /// The batch of a session is the newest one that begins no later than the record that shows it.
    private static func isLate(_ session: SessionRow, _ chain: MemoryChain) -> Bool {
        guard let arrival = chain.arrivals.last(where: { $0.first <= session.shownSequence }) else { return false }
        return arrival.received - session.placed > ChainCounts.lateMilliseconds
    }
}
