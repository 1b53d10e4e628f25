import ArgumentParser
import FoundationEssentials
import KioskControl
import KioskShell

/// `otsenka-kiosk address`
struct AddressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "address",
        abstract: "Print the host and the port of the collector, for a firewall that lets out to it alone.",
        discussion: """
            Of the running kiosk's own enrolment, or of an enrolment file. Nothing that the uplink can write is asked.
            Ends with 65 for a file that is none, 69 when the kiosk does not run, 77 when it is not enrolled.
            """)

    @OptionGroup var runtime: RuntimeOptions

    @Option(help: ArgumentHelp("The YAML file with the keys collector, code and pin.", valueName: "path"))
    var file: String?

    func run() throws {
        let text = try collector()
        guard let url = URL(string: text), let host = url.host(), url.scheme == "https" || url.scheme == "http" else {
            throw Failure(status: 65, message: "\(text.debugDescription) is no collector's address")
        }
        print(host.filter { $0 != "[" && $0 != "]" }, url.port ?? (url.scheme == "https" ? 443 : 80))
    }

    private func collector() throws -> String {
        if let file {
            do throws(SettingsError) { return try EnrolmentFile.load(file: file).collector } catch {
                throw Failure(status: 65, message: error.description)
            }
        }
        let answer = try runtime.ask(.identify)
        guard case .identity(let identity) = answer else { throw answer.failure }
        return identity.collector
    }
}
