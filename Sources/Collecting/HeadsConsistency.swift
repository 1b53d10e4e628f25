import Ledger

/// Why a list of heads cannot follow another of the same collector.
public struct HeadsObjection: Error, Codable, Equatable, Sendable, CustomStringConvertible {
    public var kiosk: String?
    public var epoch: Int?
    public var what: String
    /// The line of the older list and the line of the newer one, where the contradiction is in one.
    public var lines: [String]

    init(_ what: String, of head: ListedHead? = nil, lines: [String] = []) {
        kiosk = head?.kiosk.rawValue
        epoch = head?.epoch
        self.what = what
        self.lines = lines
    }

    public var description: String {
        (kiosk.map { "kiosk \($0), epoch \(epoch ?? 0): " } ?? "") + what
    }
}

extension HeadsList {
    /// What in `next` cannot be, if this list was true and `next` follows it at once; nothing if it can.
    public func objection(to next: HeadsList) -> HeadsObjection? {
        if next.collector != collector {
            return HeadsObjection("a list of \(next.collector) does not follow one of \(collector)")
        }
        if next.number != number + 1 {
            return HeadsObjection(
                "list \(next.number) does not follow list \(number): "
                    + (next.number > number
                        ? "the lists between them are needed too" : "a list of that number was signed before"))
        }
        if next.previous != hash {
            return HeadsObjection(
                "list \(next.number) names another list \(number) as the one before it: the region has two pasts",
                lines: ["list \(number) has the hash \(hash)", "list \(next.number): previous \(next.previous)"])
        }
        return contradiction(in: next)
    }

    /// What in a later list, not necessarily the next one, contradicts this one.
    public func contradiction(in later: HeadsList) -> HeadsObjection? {
        if later.events < events || later.events == events && later.eventTrail != eventTrail {
            return HeadsObjection("events that list \(number) counted are not those of list \(later.number)")
        }
        var index = 0
        for old in heads {
            while index < later.heads.count, later.heads[index].name < old.name { index += 1 }
            guard index < later.heads.count, later.heads[index].name == old.name else {
                return HeadsObjection(
                    "it stands in list \(number) and is missing in list \(later.number)", of: old,
                    lines: [old.line])
            }
            if let what = old.contradiction(in: later.heads[index]) {
                return HeadsObjection(
                    "\(what) (list \(number) and list \(later.number))", of: old,
                    lines: [old.line, later.heads[index].line])
            }
        }
        return nil
    }
}

extension ListedHead {
    fileprivate func contradiction(in later: ListedHead) -> String? {
        if later.sequence < sequence { return "records \(later.sequence + 1)-\(sequence) are gone" }
        if later.sequence == sequence, later.hash != hash { return "record \(sequence) was changed" }
        if later.register != register { return "its place, its keys or the time of its enrolment were changed" }
        if later.sequence == sequence, later.trail != trail { return "the time of a batch was changed" }
        if later.state.rank < state.rank {
            return "it is \(later.state.rawValue) again after it was \(state.rawValue)"
        }
        if later.branches < branches || later.branches == branches && later.branchTrail != branchTrail {
            return "branches that were kept as evidence are gone or changed"
        }
        return nil
    }
}

extension EpochState {
    /// States are only ever left for one of a higher rank.
    var rank: Int {
        switch self {
        case .open: 0
        case .superseded: 1
        case .closed: 2
        case .revoked: 3
        }
    }
}
