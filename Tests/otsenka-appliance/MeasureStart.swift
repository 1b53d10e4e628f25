import Appliance
import ArgumentParser
import RealPrograms

/// `otsenka-appliance measure-start`
struct MeasureStart: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Seconds from the kernel's start to the dialog, and to systemd's graphical target without us.")

    /// Of the image's own way to `graphical.target` (issue 4).
    private static let allowed = 1.5

    @OptionGroup var options: HallOptions

    @Option(help: "How many starts of each.")
    var tries = 5

    func validate() throws {
        guard tries > 0 else { throw ValidationError("--tries is at least 1") }
    }

    func run() throws {
        try options.inHall { hall, say in
            try hall.firstStart()
            hall.kiosk.cut()
            let (dialog, target) = try BootTime(hall).measure(tries)
            let (ours, theirs) = (dialog[tries / 2], target[tries / 2])
            let ratio = (100 * ours / theirs).rounded() / 100
            say("medians of \(tries): the dialog after \(ours) s, graphical.target after \(theirs) s, ratio \(ratio)")
            guard ratio <= Self.allowed else { throw ChildError("a ratio of \(ratio) is above \(Self.allowed)") }
        }
    }
}
