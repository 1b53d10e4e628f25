import Appliance
import ArgumentParser
import Foundation
import Glibc
import RealPrograms

/// `make test-image`: boots the image in QEMU and lives through a hall's days with it.
@main
struct OtsenkaAppliance: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "otsenka-appliance",
        abstract: "Boot the appliance's image in QEMU, enrol it, and rate visits on it.",
        discussion:
            "Runs in a network namespace of its own (`make test-image` makes it). Ends with 1 at the first failure.")

    @Option(help: "The disk image.")
    var image = ".build/image/otsenka-kiosk.img"

    @Option(help: "The folder for the pictures of the run.")
    var pictures = ".build/image/pictures"

    @Option(help: "The bundles of kiosk-image/make-test-bundles for item 4; without them there is no item 4.")
    var bundles: String?

    @Flag(help: "Leave out the thirty visits of item 1.")
    var onlyUpdates = false

    @Option(help: "The folder of the programs (default: the one of this program).")
    var programs: String?

    @Option(help: "Where the folder for disks and data is made.")
    var under = "/var/tmp"

    func run() throws {
        let place = try Place(under: under, programs: programs ?? Place.ownFolder(), named: "otsenka-image")
        let began = ContinuousClock.now
        func say(_ text: String) {
            print("otsenka: \(Int(began.duration(to: .now) / .seconds(1))) s: \(text)")
            fflush(nil)
        }
        do {
            let album = try Album(folder: pictures)
            let hall = try Hall(image: image, place: place, album: album, say: say)
            defer { hall.kiosk.cut() }
            if onlyUpdates { try hall.enrol() } else { try hall.firstDay() }
            if let bundles { try hall.updates(bundles: bundles) }
        } catch {
            FileHandle.standardError.write(
                Data("otsenka: \(error); the disk and the logs are in \(place.folder)\n".utf8))
            throw ExitCode(1)
        }
        place.remove()
        say("the pictures are in \(pictures)")
    }
}
