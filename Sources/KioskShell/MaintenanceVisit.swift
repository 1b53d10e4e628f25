import Dialog
import KioskControl
import Ledger
import Ratings

/// A technician's visit, as a state machine: events in, actions out. It has no clock, no store, no socket and no screen.
///
///     none ── ordered ──► waiting ── rests ──► opening ── recorded ──► open ── the end ──► closing ──► none
///              (the note is judged)  (a dialog on            │                   │             │
///                                     the screen ends first) └─ not recorded ► none            └► restarting
///
/// While it is open: the clock is set first, where the collector has proved the time. Then each stick that comes is read, what
/// was found on it is used, and what waits is written to it, as far as the note allows; one verb at a time. The screen says
/// what was done and that the stick may be pulled out. The visit ends when a stick on which something was done is pulled out,
/// when its time is over, or when the technician says so; never in the middle of a verb. A visit for nothing but the clock
/// or a new start needs no stick and ends by itself.
struct MaintenanceVisit: Equatable {
    enum Event: Equatable {
        /// A note that was judged.
        case ordered(JudgedVisit)
        /// Nobody is asked.
        case rests
        case recorded
        case notRecorded
        /// The ports that have a stick now.
        case sticks([String])
        case answered(MaintainAnswer)
        case timePassed
        case finish
    }

    enum Action: Equatable {
        case record(Maintenance.Moment, MaintenanceNote, done: [String]?)
        case perform(MaintainVerb)
    }

    enum Refusal: Error, Equatable {
        case anotherIsOpen, noneIsOpen
    }

    /// What a note allows now.
    struct JudgedVisit: Equatable {
        var note: MaintenanceNote
        /// How long it may last.
        var seconds: Int64
        /// Where the wall clock would be right, and is not: the proved seconds since 1970 at second 0 of the boot clock.
        var rightClock: Int64?
    }

    private enum Phase: Equatable {
        case none, waiting, opening, open, closing, restarting
    }

    private var phase = Phase.none
    private var visit: JudgedVisit?
    private var ends = Int64.max
    private var verb: MaintainVerb?
    private var queue: [MaintainVerb] = []
    /// The stick at work, or the one that was; nothing before one comes and after it went.
    private var port: String?
    private var deeds: [MaintenanceDeed] = []
    private var trouble: MaintainTrouble?
    /// The verbs that were carried out, for the record.
    private var done: [String] = []
    private var hasUpdate = false
    private var now = Int64.min

    /// What the screen must say; nothing while the dialog may be open.
    var notice: MaintenanceNotice? {
        switch phase {
        case .none, .waiting: nil
        case .opening, .closing: .open(wantsStick: false)
        case .restarting: .restarting
        case .open:
            verb != nil
                ? .working
                : port != nil && verb == nil ? .done(deeds, trouble: trouble?.rawValue) : .open(wantsStick: usesSticks)
        }
    }

    /// The note that was opened, or is about to be.
    var note: MaintenanceNote? { visit?.note }
    var isWaiting: Bool { phase == .waiting }
    var isOpen: Bool { phase == .open }
    var watchesSticks: Bool { phase == .open && usesSticks }
    /// When to send `timePassed`, in milliseconds of the boot clock.
    var deadline: Int64? { phase == .open && verb == nil ? ends : nil }

    /// Takes an event at a time of the boot clock in milliseconds, and gives what is to be done, in order. Throws `Refusal`
    /// for an order while another visit is open, and for `finish` while none is.
    mutating func handle(_ event: Event, at time: Int64) throws(Refusal) -> [Action] {
        now = max(now, time)
        switch event {
        case .ordered(let judged): return try order(judged)
        case .rests: return opening()
        case .recorded: return recorded()
        case .notRecorded:
            // Closed without a record: the next start puts it on record.
            if phase == .closing { return leave() }
            self = MaintenanceVisit()
            return []
        case .sticks(let ports): return see(ports)
        case .answered(let answer): return take(answer)
        case .timePassed: return phase == .open && verb == nil && now >= ends ? close() : []
        case .finish:
            guard phase == .open else { throw .noneIsOpen }
            ends = now
            return verb == nil ? close() : []
        }
    }
}

extension MaintenanceVisit {
    private func allows(_ permission: MaintenancePermission) -> Bool {
        visit?.note.permissions.contains(permission) == true
    }

    private var readsSticks: Bool { allows(.readStick) || allows(.installUpdate) || allows(.setNetwork) }
    private var usesSticks: Bool { readsSticks || allows(.writeStick) }

    private mutating func order(_ judged: JudgedVisit) throws(Refusal) -> [Action] {
        if phase == .none || phase == .waiting {
            phase = .waiting
            visit = judged
            ends = now + judged.seconds * 1000
        } else if visit?.note.number != judged.note.number {
            throw .anotherIsOpen
        }
        return []
    }

    private mutating func opening() -> [Action] {
        guard phase == .waiting, let visit else { return [] }
        guard now < ends else {
            self = MaintenanceVisit()
            return []
        }
        phase = .opening
        return [.record(.opened, visit.note, done: nil)]
    }

    private mutating func recorded() -> [Action] {
        switch phase {
        case .opening:
            phase = .open
            if allows(.setClock), let clock = visit?.rightClock { queue = [.setClock(seconds: clock + now / 1000)] }
            return next()
        case .closing: return leave()
        default: return []
        }
    }

    private mutating func see(_ ports: [String]) -> [Action] {
        guard phase == .open, verb == nil else { return [] }
        if let port {
            if ports.contains(port) { return [] }
            self.port = nil
            if !deeds.isEmpty { return close() }
            trouble = nil
        }
        guard usesSticks, let port = ports.min() else { return [] }
        self.port = port
        queue = (readsSticks ? [.readStick(port: port)] : []) + (allows(.writeStick) ? [.writeStick(port: port)] : [])
        return next()
    }

    /// The next verb, or the end of a visit that wants nothing more.
    private mutating func next() -> [Action] {
        verb = queue.isEmpty ? nil : queue.removeFirst()
        if let verb { return [.perform(verb)] }
        if port != nil, deeds.isEmpty, trouble == nil { trouble = .nothing }
        return now >= ends || !usesSticks ? close() : []
    }

    private mutating func take(_ answer: MaintainAnswer) -> [Action] {
        guard let verb else { return [] }
        self.verb = nil
        guard phase == .open else {
            // The machine goes down, or it could not be started anew and the dialog goes on.
            if case .done = answer {} else { self = MaintenanceVisit() }
            return []
        }
        switch answer {
        case .done(let items):
            done.append(verb.name)
            take(items, of: verb)
        case .refused: stop(.machine)
        case .failed(let trouble, _): stop(trouble)
        }
        return next()
    }

    private mutating func take(_ items: [StickItem], of verb: MaintainVerb) {
        switch verb {
        case .readStick:
            if items.contains(.receipts) { deeds.append(.receiptsTaken) }
            let found: [(StickItem, MaintenancePermission, MaintainVerb)] = [
                (.network, .setNetwork, .setNetwork), (.update, .installUpdate, .installUpdate),
            ]
            queue.insert(
                contentsOf: found.filter { items.contains($0.0) && allows($0.1) }.map(\.2), at: 0)
        case .writeStick: if items.contains(.exports) { deeds.append(.exported) }
        case .setNetwork: deeds.append(.networkSet)
        case .setClock: deeds.append(.clockSet)
        case .installUpdate:
            deeds.append(.updateInstalled)
            hasUpdate = true
        case .restart: break
        }
    }

    /// What is wrong with one of the things on a stick leaves the others; what is wrong with the stick does not.
    private mutating func stop(_ trouble: MaintainTrouble) {
        self.trouble = self.trouble ?? trouble
        if ![.update, .network].contains(trouble) { queue = [] }
    }

    private mutating func close() -> [Action] {
        guard let visit else { return [] }
        phase = .closing
        let restarts = hasUpdate || (allows(.restart) && !isTimeOver)
        return [.record(.closed, visit.note, done: done + (restarts ? [MaintainVerb.restart.name] : []))]
    }

    /// Nobody used the visit: then nothing starts anew either.
    private var isTimeOver: Bool { now >= ends && usesSticks && done.isEmpty }

    private mutating func leave() -> [Action] {
        guard hasUpdate || (allows(.restart) && !isTimeOver) else {
            self = MaintenanceVisit()
            return []
        }
        phase = .restarting
        verb = .restart
        return [.perform(.restart)]
    }
}

extension MaintainVerb {
    /// As records and visits name it.
    var name: String {
        switch self {
        case .setNetwork: MaintenancePermission.setNetwork.rawValue
        case .setClock: MaintenancePermission.setClock.rawValue
        case .readStick: MaintenancePermission.readStick.rawValue
        case .writeStick: MaintenancePermission.writeStick.rawValue
        case .installUpdate: MaintenancePermission.installUpdate.rawValue
        case .restart: MaintenancePermission.restart.rawValue
        }
    }
}
