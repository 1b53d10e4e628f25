import FoundationEssentials

/// Prints facts as JSON with sorted keys, indented.
func printJSON(_ facts: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(facts), as: UTF8.self))
}
