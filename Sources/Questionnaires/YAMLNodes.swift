import Yams

/// One node of the document with the file and the place, so that whatever is wrong with it can be named.
struct YAMLNode {
    let file: String
    let node: Node
    /// In the words of the questionnaire; nothing at the top.
    var place: String?

    func error(_ cause: String, _ nextStep: String) -> QuestionnaireError {
        QuestionnaireError(
            file: file, line: node.mark?.line, column: node.mark?.column, place: place, cause: cause,
            nextStep: nextStep)
    }

    private func child(_ node: Node, _ place: String? = nil) throws(QuestionnaireError) -> YAMLNode {
        let child = YAMLNode(file: file, node: node, place: place ?? self.place)
        if node.anchor != nil {
            throw child.error("an anchor (&) is used", "write the part out instead of repeating it with & and *")
        }
        return child
    }

    /// The values of a mapping that has exactly the keys `required`, and may have those of `optional`.
    func fields(
        _ required: [String], optional: [String] = []
    ) throws(QuestionnaireError) -> [String: YAMLNode] {
        let known = required + optional
        var fields: [String: YAMLNode] = [:]
        for (key, value) in try pairs("with the keys " + known.joined(separator: ", ")) {
            guard known.contains(key.text) else {
                throw key.node.error(
                    "unknown key \"\(key.text)\"", "remove it, or use one of " + known.joined(separator: ", "))
            }
            fields[key.text] = value
        }
        for name in required where fields[name] == nil {
            throw error("the key \"\(name)\" is missing", "add it")
        }
        return fields
    }

    /// The entries of a mapping in the order of the file. Yams has already refused a key that stands twice.
    func pairs(
        _ expected: String
    ) throws(QuestionnaireError) -> [(key: (text: String, node: YAMLNode), value: YAMLNode)] {
        guard case .mapping(let mapping) = node else {
            throw error("this is not a mapping", "write a mapping " + expected)
        }
        var pairs: [(key: (text: String, node: YAMLNode), value: YAMLNode)] = []
        for (key, value) in mapping {
            let keyNode = try child(key)
            pairs.append(((try keyNode.string(), keyNode), try child(value)))
        }
        return pairs
    }

    /// The entries of a list whose length is in `count`.
    func list(_ name: String, _ count: ClosedRange<Int>) throws(QuestionnaireError) -> [YAMLNode] {
        guard case .sequence(let sequence) = node else {
            throw error("this is not a list of \(name)", "write a list, each entry after a dash")
        }
        guard count.contains(sequence.count) else {
            throw error(
                "the number of \(name) is \(sequence.count), allowed are \(count.lowerBound) to \(count.upperBound)",
                sequence.count > count.upperBound ? "remove some" : "add some")
        }
        var entries: [YAMLNode] = []
        for entry in sequence { entries.append(try child(entry)) }
        return entries
    }

    /// Any scalar as it is spelt: `no` as a language code stays `no`.
    func string() throws(QuestionnaireError) -> String {
        guard case .scalar(let scalar) = node else { throw error("this is not a text", "write one text") }
        return scalar.string
    }

    func integer(_ range: ClosedRange<Int>, _ name: String) throws(QuestionnaireError) -> Int {
        let nextStep = "write a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard case .scalar(let scalar) = node, scalar.style == .plain, let value = Int(scalar.string) else {
            throw error("\(name) is not a whole number", nextStep)
        }
        guard range.contains(value) else { throw error("\(name) \(value) is out of range", nextStep) }
        return value
    }

    func flag(_ name: String) throws(QuestionnaireError) -> Bool {
        if case .scalar(let scalar) = node, scalar.style == .plain {
            switch scalar.string {
            case "true": return true
            case "false": return false
            default: break
            }
        }
        throw error("\(name) is neither true nor false", "write true or false")
    }

    /// A text for people: one line, not blank at its ends, no control characters.
    func words(_ count: ClosedRange<Int>, _ name: String) throws(QuestionnaireError) -> String {
        let text = try string()
        // Scalars, not clusters: a cluster may be as long as the file.
        let length = text.unicodeScalars.count
        guard count.contains(length) else {
            throw error(
                "\(name) has \(length) characters, allowed are \(count.lowerBound) to \(count.upperBound)",
                text.isEmpty ? "write it" : "shorten it")
        }
        guard text.first?.isWhitespace == false, text.last?.isWhitespace == false else {
            throw error("\(name) begins or ends with a space", "remove the space")
        }
        let forbidden: [UnicodeCategory] = [
            .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned,
        ]
        guard text.unicodeScalars.allSatisfy({ !forbidden.contains($0.properties.generalCategory) }) else {
            throw error("\(name) has a line break or another character that cannot be drawn", "remove it")
        }
        return text
    }

    /// 1–32 of `a–z 0–9 -`, first and last a letter or digit: ids stand in records, in SQL and in column names.
    func id(_ name: String) throws(QuestionnaireError) -> String {
        let text = try string()
        let isValid =
            QuestionnaireLimits.idCharacters.contains(text.utf8.count) && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            }
        guard isValid else {
            throw error(
                "\(name) \"\(text.prefix(40))\" is not an id",
                "use 1 to \(QuestionnaireLimits.idCharacters.upperBound) of a-z, 0-9 and -, no - at the ends")
        }
        return text
    }

    func at(_ place: String) -> YAMLNode { YAMLNode(file: file, node: node, place: place) }
}

private typealias UnicodeCategory = Unicode.GeneralCategory
