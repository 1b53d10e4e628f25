// The seam of `otsenka-kiosk maintain`, the only part with power over the machine: a closed list of verbs, each of them
// inside a technician's signed visit. `maintain.sock` is systemd's (socket activation); the program behind it starts for
// one request and ends.

/// What the machine can be asked to do. Nothing is ever added that takes a path, a command or a script.
public enum MaintainVerb: Codable, Equatable, Sendable {
    /// Takes the network file that was read from the stick.
    case setNetwork
    /// Seconds since 1970.
    case setClock(seconds: Int64)
    /// Reads our files from the stick in this port: an update, a network file, receipts.
    case readStick(port: String)
    /// Writes the records that wait as batch files to the stick in this port.
    case writeStick(port: String)
    /// Installs the update bundle that was read from the stick.
    case installUpdate
    case restart
}

/// A verb with the visit in which it is asked.
public struct MaintainRequest: Codable, Equatable, Sendable {
    public var verb: MaintainVerb
    /// The signed note by which `run` opened the technician's visit.
    public var visit: String
    /// How the collector's receipt key came to be, from the one of the enrolment: notes of `Ledger.KeySuccession`.
    public var successions: [String]

    public init(verb: MaintainVerb, visit: String, successions: [String] = []) {
        self.verb = verb
        self.visit = visit
        self.successions = successions
    }
}

public enum MaintainAnswer: Codable, Equatable, Sendable {
    /// What was found on the stick, or put on it.
    case done([StickItem])
    /// The visit does not allow it, or is not believed.
    case refused(reason: String)
    case failed(MaintainTrouble, reason: String)
}

/// What a stick may hold for a kiosk or from it.
public enum StickItem: String, Codable, Equatable, Sendable, CaseIterable {
    case update, network, receipts, exports
}

/// What a technician before the screen can do something about. The number is the code of the technician's guide.
public enum MaintainTrouble: Int, Codable, Equatable, Sendable, CaseIterable {
    /// The stick has no FAT file system that can be read, or it is damaged.
    case stickUnreadable = 21
    /// There is no room on the stick, or it is write-protected.
    case stickFull = 22
    /// The stick was pulled out before its time.
    case stickGone = 23
    /// The update is not ours, not newer, or damaged.
    case update = 24
    /// Nothing on the stick is for this kiosk, and nothing waits to be carried away.
    case nothing = 25
    /// The network file is wrong.
    case network = 26
    /// The machine refused, or a tool failed; the journal of the system says why.
    case machine = 27
}
