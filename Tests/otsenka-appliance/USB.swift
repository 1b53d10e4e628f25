import Appliance
import ArgumentParser

/// `otsenka-appliance usb`
struct USB: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usb",
        abstract: "Plug foreign USB devices into an enrolled kiosk, again and again (G41).",
        discussion: """
            Ends with 0 when no pixel has changed and a script inside has seen no new input device, network card, disk or \
            mount and no restart, with 1 otherwise.
            """)

    @OptionGroup var options: HallOptions

    @Option(help: "How many times a device comes and goes.")
    var cycles = 500

    func validate() throws {
        guard cycles > 0 else { throw ValidationError("--cycles is at least 1") }
    }

    func run() throws {
        try options.inHall { hall, _ in
            try hall.firstStart()
            hall.kiosk.cut()
            try hall.usbCycles(cycles)
        }
    }
}
