import Appliance
import ArgumentParser
import Foundation
import Glibc
import RealPrograms

/// `make test-image` and `make torture PART=power`: boots the image in QEMU and lives through a hall's days with it.
@main
struct OtsenkaAppliance: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "otsenka-appliance",
        abstract: "Boot the appliance's image in QEMU, enrol it, and rate visits on it.",
        discussion:
            "Runs in a network namespace of its own (`make test-image` makes it). Ends with 1 at the first failure.",
        subcommands: [Show.self, Power.self, USB.self, MeasureStart.self], defaultSubcommand: Show.self)
}

extension Emulator.Pace: ExpressibleByArgument {}

/// What every run needs.
struct HallOptions: ParsableArguments {
    @Option(help: "The disk image.")
    var image = ".build/image/otsenka-kiosk.img"

    @Option(help: "The folder for the pictures of the run.")
    var pictures = ".build/image/pictures"

    @Option(help: "The folder of the programs (default: the one of this program).")
    var programs: String?

    @Option(help: "Where the folder for disks and data is made.")
    var under = "/var/tmp"

    @Option(
        help: "By what the guest's time goes: this machine's clock, or instructions where it is busy with other work.")
    var pace = Emulator.Pace.clock

    @Option(help: "Where the randomness starts.")
    var seed: UInt64 = 1

    @Flag(help: "Have the kiosk write its journal to the serial line, serial.log in its folder.")
    var journal = false

    @Flag(help: "Keep the folder of disks and logs.")
    var keep = false

    /// Runs it in a hall; the hall's folder stays if it fails, and everything ends.
    func inHall(_ body: (Hall, _ say: @escaping (String) -> Void) throws -> Void) throws {
        let place = try Place(under: under, programs: programs ?? Place.ownFolder(), named: "otsenka-image")
        let began = ContinuousClock.now
        func say(_ text: String) {
            print("otsenka: \(Int(began.duration(to: .now) / .seconds(1))) s: \(text)")
            fflush(nil)
        }
        do {
            let hall = try Hall(
                image: image, place: place, album: Album(folder: pictures), pace: pace, tellsJournal: journal, say: say)
            defer { hall.kiosk.cut() }
            try body(hall, say)
        } catch {
            FileHandle.standardError.write(
                Data("otsenka: \(error); the disk and the logs are in \(place.folder)\n".utf8))
            throw ExitCode(1)
        }
        if keep { say("the disk and the logs are in \(place.folder)") } else { place.remove() }
        say("the pictures are in \(pictures)")
    }
}
