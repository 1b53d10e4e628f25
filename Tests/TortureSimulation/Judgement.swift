import Collecting
import CollectorMemory
import FoundationEssentials
import Ledger
import Ratings

/// What must be true in the end (G43).
struct Judgement {
    let world: World
    private var oracle: Oracle { world.oracle }

    init(world: World) { self.world = world }

    func judge() async {
        let state = world.region.memory.state
        for key in oracle.order {
            guard let chain = oracle.chains[key] else { continue }
            let row = state.epochs.first {
                $0.kiosk == chain.kiosk && $0.epoch == chain.genesis.epoch && $0.genesis == chain.genesis
            }
            let stored = row.flatMap { state.chains[$0.chain] } ?? MemoryChain()
            conserve(chain, row, stored)
            place(chain, row, stored)
            accuse(chain)
        }
        thank(state)
        await count(state)
        for fault in await world.region.collector.verify().faults where !isExcused(fault) {
            oracle.violate("verify: \(fault)")
        }
    }

    private var restores: Int { world.faults[.restore] ?? 0 }

    private func name(_ chain: Oracle.Chain) -> String { "\(chain.kiosk), epoch \(chain.genesis.epoch)" }

    // MARK: Conservation

    /// Nothing that nobody made; all that was acknowledged, unaltered; nothing receipted is missing.
    private func conserve(_ chain: Oracle.Chain, _ row: EpochRow?, _ stored: MemoryChain) {
        for (sequence, line) in stored.lines where chain.made[sequence]?.contains(line) != true {
            oracle.violate("\(name(chain)): record \(sequence) was stored, and nobody made it")
        }
        if chain.excuse == nil, !chain.isForked {
            for (sequence, line) in chain.acknowledged where stored.lines[sequence] != line {
                let what = stored.lines[sequence] == nil ? "missing" : "another one"
                oracle.violate("\(name(chain)): record \(sequence) was acknowledged, and is \(what) at the collector")
            }
        }
        for head in chain.receipted where stored.lines[head.sequence].map({ ChainHash(of: $0) }) != head.hash {
            // A kiosk that lost its journal cannot send again what a restored collector has lost as well, and of two
            // pasts one is kept beside the chain.
            if restores > 0, chain.excuse != nil { continue }
            oracle.violate("\(name(chain)): record \(head.sequence) was receipted, and is not there in the end")
        }
    }

    /// Visitors who were thanked are heard, and those who were told otherwise are not counted.
    private func thank(_ state: MemoryState) {
        struct Asked: Hashable {
            var session: SessionID
            var question: String
        }
        var answers: [String: [Asked: AnswerRow]] = [:]
        for row in state.epochs {
            let own = (state.chains[row.chain]?.answers ?? []).map {
                (Asked(session: $0.session, question: $0.question), $0)
            }
            answers[Oracle.key(row.genesis)] = Dictionary(own) { _, last in last }
        }
        for thanked in oracle.thanked {
            guard let chain = oracle.chains[thanked.genesis], chain.excuse == nil, !chain.isForked else { continue }
            let asked = Asked(session: thanked.answer.session, question: thanked.answer.question)
            let found = answers[thanked.genesis]?[asked]
            guard found?.value == thanked.answer.value, found?.pass == thanked.answer.pass, found != nil else {
                oracle.violate(
                    "\(name(chain)): an answer to \(thanked.answer.question) was thanked, and does not count")
                continue
            }
        }
    }

    // MARK: Time

    /// A moment that is said to be exact is, up to the time that its batch was under way; an interval holds the moment.
    private func place(_ chain: Oracle.Chain, _ row: EpochRow?, _ stored: MemoryChain) {
        guard row != nil, !chain.isForked else { return }
        for session in stored.sessionRows {
            guard let time = chain.times[session.shownSequence] else { continue }
            let early = session.placed - session.uncertainty - 60_000
            let late = session.placed + session.uncertainty + 60_000
            guard early - Network.longestDelay <= time, time <= late else {
                oracle.violate(
                    "\(name(chain)): record \(session.shownSequence) was made at \(time), and placed at "
                        + "\(session.placed) ± \(session.uncertainty)")
                return
            }
        }
    }

    // MARK: Forks

    /// No honest kiosk is accused, and no fork stays unnamed.
    private func accuse(_ chain: Oracle.Chain) {
        // Events name an epoch by its number, which a clone may have used too.
        let twins = oracle.chains.values.count { $0.kiosk == chain.kiosk && $0.genesis.epoch == chain.genesis.epoch }
        guard !chain.isForked, twins == 1 else { return }
        let kinds: [EventRow.Kind] = [.fork, .rewindKiosk, .contradiction, .tailCut]
        if let event = oracle.events.first(where: {
            kinds.contains($0.kind) && $0.kiosk == chain.kiosk && $0.epoch == chain.genesis.epoch
        }) {
            oracle.violate("\(name(chain)) is accused of \(event.kind.rawValue), and nothing was done to it")
        }
        if restores == 0, oracle.hasEvent([.rewindCollector], of: chain.kiosk, epoch: chain.genesis.epoch) {
            oracle.violate("\(name(chain)): the collector has lost data without a restore")
        }
    }

    private func isExcused(_ fault: VerifyFault) -> Bool {
        guard restores > 0, fault.what.contains("were receipted and are not stored") else { return false }
        return oracle.chains.values.contains {
            $0.excuse != nil && $0.kiosk == fault.kiosk && $0.genesis.epoch == fault.epoch
        }
    }

    // MARK: Reports

    /// The collector's counts against a count by hand over the lines themselves.
    private func count(_ state: MemoryState) async {
        var expected: [[String]: Tally] = [:]
        for row in state.epochs {
            count(state.chains[row.chain]?.lines ?? [:], row, in: &expected)
        }
        let query = TallyQuery(by: [.kiosk, .service, .window])
        guard let tallies = try? await world.region.collector.tallies(query),
            let summary = try? await world.region.collector.summary()
        else { return oracle.violate("the collector cannot count") }
        var found: [[String]: Tally] = [:]
        for var tally in tallies {
            tally.uncertain = 0
            found[tally.keys] = tally
        }
        if found != expected { oracle.violate("the report is \(found), and by hand it is \(expected)") }
        let ratings = expected.values.reduce(0) { $0 + $1.ratings }
        if summary.ratings != ratings { oracle.violate("the summary has \(summary.ratings) ratings, not \(ratings)") }
    }

    private struct Session {
        var keys: [String]
        var mark: Int?
        var outcome: Outcome?
        var isFlagged = false
    }

    private func count(_ lines: [Int64: Data], _ row: EpochRow, in tallies: inout [[String]: Tally]) {
        var sessions: [SessionID: Session] = [:]
        var storedAfterAll: Set<SessionID> = []
        for (_, line) in lines.sorted(by: { $0.key < $1.key }) {
            guard let record = try? Record(line: line) else { continue }
            if case .answer(let answer) = record.body, oracle.denied[answer.session] == answer.question {
                storedAfterAll.insert(answer.session)
            }
            switch record.body {
            case .shown(let shown):
                let visit = shown.visit
                sessions[shown.session] = Session(
                    keys: [row.kiosk.rawValue, visit.service ?? row.place.service, visit.window ?? row.place.window])
            case .answer(let answer) where answer.question == "overall": sessions[answer.session]?.mark = answer.value
            case .session(let end):
                sessions[end.session]?.outcome = end.outcome
                sessions[end.session]?.isFlagged = end.flags != nil
                // Of two pasts the other one may have told the visitor.
                if storedAfterAll.contains(end.session), !oracle.forgotten.contains(end.session),
                    end.outcome != .refused, !oracle.isForked(row.genesis)
                {
                    oracle.violate(
                        "a session of \(row.kiosk) ends as \(end.outcome), and its visitor was told otherwise")
                }
            default: break
            }
        }
        for session in sessions.values {
            var tally = tallies[session.keys] ?? Tally(keys: session.keys)
            tally.shown += 1
            if let outcome = session.outcome { tally.outcomes[outcome, default: 0] += 1 } else { tally.unfinished += 1 }
            if let mark = session.mark, session.outcome != .refused {
                tally.marks[mark, default: 0] += 1
                if session.isFlagged {
                    tally.flagged += 1
                    tally.flaggedMarks[mark, default: 0] += 1
                }
            }
            tallies[session.keys] = tally
        }
    }
}
