import Appliance
import ArgumentParser
import RealPrograms
import Torture

/// `otsenka-appliance power`
struct Power: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cut the power of an enrolled kiosk, again and again (G2).",
        discussion: """
            Ends with 0 when nothing that was thanked is lost and the dialog is back each time, with 1 otherwise. The same \
            seed and number of tries cut at the same moments, as far as the machine's own speed lets them.
            """)

    @OptionGroup var options: HallOptions

    @Option(help: "How many cuts.")
    var tries = 40

    @Option(help: ArgumentHelp("Write the row to this file, in place of an older one.", valueName: "path"))
    var json: String?

    @Flag(help: "On a kiosk that is wrong on purpose, whose file system never flushes: losses must be seen.")
    var wrong = false

    func run() throws {
        try options.inHall { hall, say in
            try hall.firstStart()
            hall.kiosk.cut()
            if wrong { try hall.breakFlushes() }
            var trial = try PowerCuts(hall, seed: options.seed, progress: Progress())
            if wrong {
                let complaints = try trial.runWrong(cuts: tries)
                for complaint in complaints { say("caught, as it must be: \(complaint)") }
                return
            }
            try trial.holdFlushes()
            let row = try trial.run(cuts: tries)
            for detail in row.details { say("\(row.promise): \(detail)") }
            if let json { try Tried.write([row], to: json) }
            print(Tried.table([row]))
            guard row.isKept else { throw ChildError("the promise is broken, seed \(row.seed)") }
        }
    }
}
