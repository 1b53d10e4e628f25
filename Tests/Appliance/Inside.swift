import Foundation
import Glibc
import RealPrograms

extension Hall {
    /// The programs of ours that run all the time, and what else talks to a network.
    private static let watched = [
        "otsenka-kiosk", "otsenka-uplink", "systemd-networkd", "systemd-resolved", "systemd-timesyncd",
    ]

    /// Sees the units after half a minute of work: whether they run at the first try, with their filter in force, and whether
    /// anything was killed; and every socket that could hear somebody.
    private static let look = """
        until [ "$(systemctl is-active otsenka-uplink)" = active ]; do sleep 1; done
        sleep 30
        for unit in \(watched.joined(separator: " ")); do
            pid=$(systemctl show -p MainPID --value $unit)
            echo unit $unit $(systemctl show -p ActiveState --value $unit) $(systemctl show -p NRestarts --value $unit) \\
                $(sed -n 's/^Seccomp:[[:space:]]*//p' /proc/$pid/status) $(sed -n 's/^CapEff:[[:space:]]*//p' /proc/$pid/status)
        done
        way() {
            timeout 5 setpriv --reuid=$3 --regid=$3 --clear-groups bash -c ": </dev/tcp/$1/$2" 2>/dev/null && echo reached $3 $2 || echo cut-off $3 $2
        }
        set -- $(otsenka-kiosk address)
        way $1 $2 otsenka-uplink; way $1 9 otsenka-uplink; way 10.0.2.3 53 otsenka-uplink; way $1 $2 otsenka; way $1 $2 root
        systemctl --failed --no-legend --plain | sed 's/^/failed /'
        for kind in tcp tcp6 udp udp6 raw raw6; do sed '1d' /proc/net/$kind | awk -v kind=$kind '{ print "socket", kind, $2, $4 }'; done
        journalctl --no-pager -o cat | grep -E 'type=1326|SIGSYS|status=31|code=(killed|dumped)|segfault|general protection' | sed 's/^/killed /'
        """

    /// Item 7: inside the enrolled kiosk each unit runs with its filter in force, nothing was killed, and nothing listens (G42).
    public func inside() throws {
        kiosk.cut()
        let probe = try Probe.run(Self.look, on: kiosk)
        for unit in probe.words(after: "unit") {
            guard unit.count == 5, unit[1] == "active", unit[2] == "0", unit[3] == "2" else {
                throw ChildError(
                    "a unit is not active at the first try with its filter (2) in force: \(unit.joined(separator: " "))"
                )
            }
        }
        let units = probe.words(after: "unit").map { $0[0] }
        guard units == Self.watched else { throw ChildError("only \(units.joined(separator: ", ")) were seen") }
        for word in ["failed", "killed"] {
            if let line = probe.words(after: word).first { throw ChildError("\(word): \(line.joined(separator: " "))") }
        }
        let reached = probe.words(after: "reached").map { $0[0] }
        guard reached == ["otsenka-uplink"], probe.words(after: "cut-off").count == 4 else {
            throw ChildError("the firewall should let out the uplink to its collector alone; these got out: \(reached)")
        }
        let open = probe.words(after: "socket").compactMap(OpenSocket.init)
        if let heard = open.first(where: { $0.hears }) {
            throw ChildError("something listens where others can reach it: \(heard)")
        }
        say("inside: \(units.count) units with their filters in force, none restarted, nothing killed")
        say("inside: the uplink reaches its collector, and nothing and nobody else gets out over TCP")
        say("inside: nothing listens beside loopback and DHCP's answers")
        try see("idle")
    }
}

/// A line of /proc/net/{tcp,udp,raw}, proc(5).
private struct OpenSocket: CustomStringConvertible {
    let kind: String
    let address: String
    let port: Int
    let state: String

    init?(_ words: [String]) {
        guard words.count == 3, let colon = words[1].lastIndex(of: ":"),
            let port = Int(words[1][words[1].index(after: colon)...], radix: 16)
        else { return nil }
        (kind, address, state, self.port) = (words[0], String(words[1][..<colon]), words[2], port)
    }

    /// Listens for strangers: state 0A of TCP, 07 (unconnected) of the rest. DHCP's client hears its server on port 68.
    var hears: Bool {
        let isOpen = state == (kind.hasPrefix("tcp") ? "0A" : "07")
        return isOpen && !address.hasSuffix("00007F") && !(kind == "udp" && port == 68)
    }

    var description: String { "\(kind) \(address) port \(port)" }
}
