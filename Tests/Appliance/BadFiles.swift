import Foundation
import Glibc
import RealPrograms

extension Hall {
    private static let network = "otsenka-network.network"
    private static let problems = "otsenka-problems.txt"
    private static let address = "10.0.2.77"

    /// Item 8: what a technician may get wrong in the files on the boot partition, on a kiosk that is not enrolled yet; then the
    /// right ones, with a fixed address.
    public func badFiles() throws {
        guard let right = try kiosk.text(of: Self.enrolment) else { throw ChildError("there is no enrolment file") }
        let wrong = [
            ("no enrolment file", "collector nonsense\n", "enrolment-11", "E1"),
            ("a wrong code", right.replacing(#/code: .*/#, with: "code: 0000-0000-0000-0000"), "enrolment-12", "E1"),
        ]
        // A letter is missing in the name of the setting.
        try kiosk.put("[Match]\nType=ether\n[Network]\nAdress=\(Self.address)/24\n", as: Self.network)
        for (name, text, screen, code) in wrong {
            try kiosk.put(text, as: Self.enrolment)
            try powerOn(until: [screen])
            try waitForProblem(code)
            try waitForProblem("N1")
            kiosk.cut()
            say("\(name): the screen shows \(screen), and \(Self.problems) says \(code) and N1")
        }
        try kiosk.put(right, as: Self.enrolment)
        try kiosk.put(
            "[Match]\r\nType=ether\r\n[Network]\r\nAddress=\(Self.address)/24\r\nGateway=10.0.2.2\r\n", as: Self.network
        )
        try firstStart()
        kiosk.cut()
        let probe = try Probe.run(
            "until [ -n \"$(hostname -I | tr -d ' ')\" ]; do sleep 1; done\necho address $(hostname -I)", on: kiosk)
        guard probe.words(after: "address") == [[Self.address]] else {
            throw ChildError(
                "the kiosk's address is \(probe.words(after: "address")), and the file says \(Self.address)")
        }
        try see("idle")
        say("with the right files: enrolled over the fixed address \(Self.address)")
    }

    private func waitForProblem(_ code: String) throws {
        let began = ContinuousClock.now
        while began.duration(to: .now) < .seconds(Self.screenSeconds) {
            if try kiosk.text(of: Self.problems)?.contains(" \(code): ") == true { return }
            sleep(1)
        }
        throw ChildError("\(Self.problems) does not tell of \(code)")
    }
}
