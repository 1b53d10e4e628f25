import ArgumentParser

@main
struct OtsenkaKiosk: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "otsenka-kiosk", subcommands: [InputCommand.self])
}
