import Collecting
import Foundation
import Ratings

extension MemoryTransaction {
    private struct Counted {
        var keys: [String]
        var chain: MemoryChain
        var session: SessionRow
    }

    /// Sessions that a query counts, with their keys.
    private func counted(_ query: TallyQuery) -> [Counted] {
        var found: [Counted] = []
        for epoch in epochs() {
            let chain = state.chains[epoch.chain] ?? MemoryChain()
            for session in chain.sessionRows {
                guard query.from.map({ session.placed >= $0 }) ?? true, query.to.map({ session.placed < $0 }) ?? true,
                    query.sources?.contains(session.source) ?? true
                else { continue }
                let keys = query.dimensions.map { key(of: session, epoch, $0, zoneMinutes: query.zoneMinutes) }
                found.append(Counted(keys: keys, chain: chain, session: session))
            }
        }
        return found
    }

    private func key(of session: SessionRow, _ epoch: EpochRow, _ dimension: TallyDimension, zoneMinutes: Int) -> String
    {
        switch dimension {
        case .office: session.place.office
        case .service: session.place.service
        case .window: session.place.window
        case .kiosk: epoch.kiosk.rawValue
        case .questionnaire: session.questionnaire
        case .language: session.language
        case .source: session.source.rawValue
        case .month: Self.month(session.placed / 1000 + Int64(zoneMinutes) * 60)
        }
    }

    private static func month(_ seconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        return String(date.ISO8601Format().prefix(7))
    }

    private static func precedes(_ left: [String], _ right: [String]) -> Bool {
        left.lexicographicallyPrecedes(right, by: precedes)
    }

    func tallies(_ query: TallyQuery) -> [Tally] {
        var tallies: [[String]: Tally] = [:]
        for found in counted(query) {
            tallies[found.keys, default: Tally(keys: found.keys)].count(found.session)
        }
        return tallies.values.sorted { Self.precedes($0.keys, $1.keys) }
    }

    func answerTallies(_ query: TallyQuery) -> [AnswerTally] {
        var tallies: [[String]: AnswerTally] = [:]
        for found in counted(query) where found.session.outcome != .refused {
            let keys = found.keys
            for answer in found.chain.answers where answer.session == found.session.session {
                var tally =
                    tallies[keys + [answer.question]] ?? AnswerTally(keys: keys, question: answer.question)
                if let value = answer.value { tally.marks[value, default: 0] += 1 } else { tally.passed += 1 }
                tallies[keys + [answer.question]] = tally
            }
        }
        return tallies.sorted { Self.precedes($0.key, $1.key) }.map(\.value)
    }

    func summary() -> CollectorSummary {
        let sessions = state.chains.values.flatMap(\.sessions.values)
        return CollectorSummary(
            ratings: sessions.count { $0.overall != nil && $0.outcome != .refused },
            kiosks: Set(state.epochs.map(\.kiosk)).count { state.kiosks[$0].map { $0.revoked == nil } ?? false })
    }
}

extension Tally {
    fileprivate mutating func count(_ session: SessionRow) {
        shown += 1
        if let outcome = session.outcome { outcomes[outcome, default: 0] += 1 } else { unfinished += 1 }
        guard let mark = session.overall, session.outcome != .refused else { return }
        marks[mark, default: 0] += 1
        if !session.flags.isEmpty {
            flagged += 1
            flaggedMarks[mark, default: 0] += 1
        }
        if session.uncertainty > 0 { uncertain += 1 }
    }
}
