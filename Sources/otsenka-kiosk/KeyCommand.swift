import ArgumentParser
import Glibc
import KioskControl
import Uplink

/// The keys that a kiosk can give to new ones by itself.
enum KeyOption: String, CaseIterable, ExpressibleByArgument { case journal, transport }

/// `otsenka-kiosk key`
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Change this kiosk's keys.", subcommands: [Rotate.self])

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a key to a new one, which the journal key signs.",
            discussion: """
                journal: signs the heads of the chain; the change is a record of the chain. transport: signs requests; \
                the uplink takes the new one at its next step. With or without a network: the collector learns of it \
                with the next records. For root and the kiosk's own user.
                """)

        @OptionGroup var runtime: RuntimeOptions
        @OptionGroup var state: UplinkStateOptions

        @Argument(help: "journal or transport.")
        var key: KeyOption

        func run() throws {
            switch key {
            case .journal:
                let answer = try runtime.ask(.changeKey, seconds: 30)
                guard answer == .done else { throw answer.failure }
            case .transport:
                do {
                    try TransportKeyChange.perform(stateFolder: state.stateDir, seconds: Int64(time(nil))) { request in
                        try runtime.ask(request, seconds: 30)
                    }
                } catch let error as UplinkError {
                    throw Failure(status: error.exitStatus, message: error.description)
                }
            }
            print("the \(key.rawValue) key is changed")
        }
    }
}
