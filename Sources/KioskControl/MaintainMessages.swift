// The seam of `otsenka-kiosk maintain`, the only part with power over the machine: a closed list of verbs, each of them
// inside a technician's signed visit. `maintain.sock` is systemd's (socket activation); the program behind it starts for
// one request and ends.

/// What the machine can be asked to do. Nothing is ever added that takes a path, a command or a script.
public enum MaintainVerb: Codable, Equatable, Sendable {
    case setNetwork(NetworkPlan)
    /// Seconds since 1970.
    case setClock(seconds: Int64)
    /// Reads one file of ours from the stick in this port.
    case readStick(port: String)
    case writeStick(port: String)
    /// Installs the update bundle that the uplink has fetched.
    case installUpdate(version: String)
    case restart
}

/// How the kiosk reaches its network.
public enum NetworkPlan: Codable, Equatable, Sendable {
    case dhcp
    /// Address with prefix length, gateway and name servers, in their usual notation.
    case fixed(address: String, gateway: String, nameServers: [String])
}

/// A verb with the visit in which it is asked.
public struct MaintainRequest: Codable, Equatable, Sendable {
    public var verb: MaintainVerb
    /// The signed note by which `run` opened the technician's visit.
    public var visit: String

    public init(verb: MaintainVerb, visit: String) {
        self.verb = verb
        self.visit = visit
    }
}

public enum MaintainAnswer: Codable, Equatable, Sendable {
    case done
    case refused(reason: String)
    case failed(reason: String)
}
