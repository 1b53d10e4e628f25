import Collecting

/// Ids of places made of the names that staff types.
enum PlaceID {
    /// The place that has this name already, else a new one whose id is the name in Latin letters, digits and hyphens,
    /// with a number where another place has that id.
    static func place(named name: String, among places: [Place]) -> Place {
        if let known = places.first(where: { $0.name == name }) { return known }
        let base = slug(name)
        var id = base
        var number = 2
        while places.contains(where: { $0.id == id }) {
            id = "\(base)-\(number)"
            number += 1
        }
        return Place(id: id, name: name)
    }

    /// At most 40 of `a–z 0–9 -`, beginning and ending with a letter or digit.
    static func slug(_ name: String) -> String {
        var text = ""
        for character in name.lowercased() {
            if let latin = cyrillic[character] {
                text += latin
            } else if character.isASCII, character.isLetter || character.isNumber {
                text.append(character)
            } else if !text.isEmpty, text.last != "-" {
                text.append("-")
            }
            if text.count >= 40 { break }
        }
        while text.last == "-" { text.removeLast() }
        return text.isEmpty ? "place" : String(text.prefix(40))
    }

    /// As Russian passports spell names (ICAO Doc 9303), without the hard and soft signs.
    private static let cyrillic: [Character: String] = [
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
        "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
        "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "iu",
        "я": "ia",
    ]
}
