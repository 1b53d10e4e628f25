import ArgumentParser
import KioskControl

import struct Ratings.Visit
import enum Ratings.VisitSource

/// `otsenka-kiosk visit`: what a queue system's script calls when an operator ends a visit.
struct VisitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "visit", abstract: "Say that a visit has ended, so that the dialog appears.",
        discussion: "Ends with 77 while another dialog is on the screen.")

    @OptionGroup var runtime: RuntimeOptions

    @Option(help: "The ticket's number.")
    var ticket: String?

    @Option(help: "The window that served.")
    var window: String?

    @Option(help: "The service that was given.")
    var service: String?

    @Option(help: "The stage of the service.")
    var stage: String?

    @Option(help: "Who says so: queue or operator.")
    var source: String = "queue"

    func validate() throws {
        guard ["queue", "operator"].contains(source) else { throw ValidationError("--source is queue or operator") }
    }

    func run() throws {
        let visit = Visit(
            source: VisitSource(rawValue: source) ?? .queue, ticket: ticket, window: window, service: service,
            stage: stage)
        let answer = try runtime.ask(.visit(visit))
        guard answer == .done else { throw answer.failure }
    }
}
