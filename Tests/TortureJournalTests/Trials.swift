import RealPrograms
import Torture

/// Runs one torture of few tries in a folder of its own, with the programs beside the test program.
func tortured(
    tries: Int, seed: UInt64 = 1, under parent: String = "/var/tmp", _ run: (Trial) throws -> Tried
) throws -> Tried {
    let place = try Place(under: parent, programs: Place.ownFolder(), named: "otsenka-torture")
    defer { place.remove() }
    return try run(Trial(seed: seed, tries: tries, place: place))
}
