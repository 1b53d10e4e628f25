import Appliance
import ArgumentParser

/// `otsenka-appliance show`
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the items of the list in kiosk-image/README.md.")

    @OptionGroup var options: HallOptions

    @Option(help: "Only this item, by its number; may be repeated.")
    var only: [Int] = []

    @Option(help: "The updates of kiosk-image/make-test-bundles, for item 4.")
    var bundles = ".build/image/bundles"

    func validate() throws {
        for number in only where Item(rawValue: number) == nil {
            let known = Item.allCases.map { "\($0.rawValue)" }.joined(separator: ", ")
            throw ValidationError("there is no item \(number); there are \(known)")
        }
    }

    func run() throws {
        let chosen = Set(only.compactMap(Item.init(rawValue:)))
        let items = chosen.isEmpty ? Set(Item.allCases) : chosen
        try options.inHall { hall, _ in try hall.show(items, seed: options.seed, bundles: bundles) }
    }
}
