import Foundation
import Glibc
import RealPrograms

/// How long a start takes from the kernel to the dialog, beside the same image's own way to `graphical.target` without us.
public struct BootTime {
    private let hall: Hall

    /// The kiosk must be enrolled and off.
    public init(_ hall: Hall) { self.hall = hall }

    /// Seconds from the kernel's start; each pair is measured in turn, as this machine's other work changes.
    public func measure(_ tries: Int) throws -> (dialog: [Double], target: [Double]) {
        var (dialog, target): ([Double], [Double]) = ([], [])
        for number in 1...tries {
            // `run` says that it is ready once its first frame is on the screen.
            dialog.append(try seconds(to: "otsenka-kiosk.service"))
            target.append(try seconds(to: "graphical.target", words: Self.withoutUs))
            hall.say(
                "start \(number): the dialog after \(dialog[number - 1]) s, the target after \(target[number - 1]) s")
        }
        return (dialog.sorted(), target.sorted())
    }

    private static let withoutUs =
        [
            "kiosk", "uplink", "usb", "enrol", "update", "network", "network-judge",
        ].map { "systemd.mask=otsenka-\($0).service" } + ["systemd.mask=otsenka-maintain.socket"]

    private func seconds(to unit: String, words: [String] = []) throws -> Double {
        defer { hall.kiosk.cut() }
        let script = """
            until [ "$(systemctl show -p ActiveEnterTimestampMonotonic --value \(unit))" != 0 ]; do sleep 1; done
            echo time $(systemctl show -p ActiveEnterTimestampMonotonic --value \(unit))
            """
        let probe = try Probe.run(
            script, words: unit.hasSuffix(".target") ? words + ["systemd.unit=\(unit)"] : words, on: hall.kiosk)
        guard let microseconds = probe.words(after: "time").first?.first.flatMap(Double.init) else {
            throw ChildError("the kiosk does not say when \(unit) was there")
        }
        return (microseconds / 100_000).rounded() / 10
    }
}
