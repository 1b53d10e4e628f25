import Collecting
import FoundationEssentials
import Ledger
import Ratings

extension MemoryTransaction: StoreTransaction {
    func add(office: Place) { if state.offices[office.id] == nil { state.offices[office.id] = office } }
    func add(service: Place) { if state.services[service.id] == nil { state.services[service.id] = service } }

    func put(_ kiosk: KioskRow) throws {
        try require(
            state.offices[kiosk.place.office] != nil && state.services[kiosk.place.service] != nil,
            "kiosk \(kiosk.id) at a place that is not known")
        var row = kiosk
        row.added = state.kiosks[kiosk.id]?.added ?? kiosk.added
        state.kiosks[kiosk.id] = row
    }

    func put(_ code: CodeRow) throws {
        try require(state.kiosks[code.kiosk] != nil, "a code of a kiosk that is not known")
        var row = code
        row.expires = state.codes[code.identifier]?.expires ?? code.expires
        row.kiosk = state.codes[code.identifier]?.kiosk ?? code.kiosk
        state.codes[code.identifier] = row
    }

    func eraseCodes(expiredAt now: Int64, of kiosk: KioskID?) {
        for (identifier, code) in state.codes where code.expires <= now || code.kiosk == kiosk {
            state.codes[identifier]?.characters = nil
        }
    }

    func insert(_ epoch: EpochRow) throws {
        try require(
            !state.epochs.contains {
                $0.chain == epoch.chain || $0.kiosk == epoch.kiosk && $0.epoch == epoch.epoch
            } && state.kiosks[epoch.kiosk] != nil, "a second epoch \(epoch.epoch) of kiosk \(epoch.kiosk)")
        state.epochs.append(epoch)
    }

    func update(_ epoch: EpochRow) {
        guard let index = state.epochs.firstIndex(where: { $0.chain == epoch.chain }) else { return }
        let old = state.epochs[index]
        var row = epoch
        (row.place, row.journalKey, row.transportKey) = (old.place, old.journalKey, old.transportKey)
        (row.certificate, row.collectorNonce, row.origin) = (old.certificate, old.collectorNonce, old.origin)
        (row.opened, row.seal) = (old.opened, old.seal)
        state.epochs[index] = row
    }

    func insert(_ arrival: ArrivalRow, lines: ArraySlice<Data>, derived: Derived) throws {
        var chain = state.chains[arrival.chain] ?? MemoryChain()
        for (index, line) in lines.enumerated() {
            let sequence = arrival.first + Int64(index)
            try require(chain.lines.updateValue(line, forKey: sequence) == nil, "record \(sequence) twice")
        }
        try require(!chain.arrivals.contains { $0.first == arrival.first }, "two batches from \(arrival.first) on")
        chain.arrivals.append(arrival)
        if let before = chain.arrivals.dropLast().last, before.first > arrival.first {
            chain.arrivals.sort { $0.first < $1.first }
        }
        for session in derived.newSessions {
            try require(
                chain.sessions.updateValue(session, forKey: session.session) == nil, "session \(session.session) twice")
        }
        for session in derived.changedSessions {
            chain.sessions[session.session]?.overall = session.overall
            chain.sessions[session.session]?.outcome = session.outcome
            chain.sessions[session.session]?.flags = session.flags
        }
        chain.answers += derived.answers
        chain.quarantined += derived.quarantined
        state.chains[arrival.chain] = chain
    }

    func put(_ contact: BootContact, chain: Int64) {
        state.chains[chain, default: MemoryChain()].contacts[contact.boot] = contact
    }

    func insert(_ branch: BranchRow) -> Bool {
        let known = state.chains[branch.chain]?.branches.contains {
            $0.first == branch.first && $0.lastHash == branch.lastHash
        }
        if known == true { return false }
        state.chains[branch.chain, default: MemoryChain()].branches.append(branch)
        return true
    }

    func put(_ heartbeat: HeartbeatRow) throws {
        try require(state.kiosks[heartbeat.kiosk] != nil, "a heartbeat of a kiosk that is not known")
        state.heartbeats[heartbeat.kiosk] = heartbeat
    }

    func put(_ maintenance: MaintenanceRow) throws {
        try require(state.kiosks[maintenance.kiosk] != nil, "a visit to a kiosk that is not known")
        state.maintenance[maintenance.kiosk] = maintenance
    }

    func insert(_ succession: KeySuccession, of kiosk: KioskID, received: Int64) throws {
        try require(state.kiosks[kiosk] != nil, "a transport key of a kiosk that is not known")
        let known = transportSuccessions(of: kiosk)
        guard !known.contains(where: { $0.succession.serialized == succession.serialized }) else { return }
        state.transportKeys[kiosk] = known + [TransportRow(succession: succession, received: received)]
    }

    func insert(_ event: EventRow) { state.events.append(event) }

    func put(_ heads: HeadsRow) {
        if state.heads[heads.number] == nil {
            state.heads[heads.number] = heads
        } else {
            state.heads[heads.number]?.note = heads.note
        }
    }
}
