// The format of a questionnaire file.
//
// Constraints: YAML 1.1 in UTF-8, one document, at most 64 KiB; no anchors, no unknown keys, no key twice; every text
// in every language; all limits are in `QuestionnaireLimits`. A file is taken whole or refused with place and cause.
//
// Format, all keys required unless marked:
//
//     id: default                      # of the questionnaire: a-z, 0-9, -
//     version: 1                       # grows with every change; records name id@version
//     languages:                       # in the order offered; the first one starts each session
//       - code: ru                     # ISO 639: two or three letters a-z
//         name: Русский                # what the language calls itself
//     questions:                       # in the order asked
//       - id: overall                  # stable over versions, unique: figures are kept by it
//         may_be_skipped: false
//         text: { ru: … }              # one line in each language
//         options:                     # worst first: values grow
//           - value: 1                 # the mark, 1 to 5, unique within the question
//             face: -2                 # optional: -2 (very sad) to 2 (very glad); all options of a question or none
//             label: { ru: … }         # a word or two, so that five stand in a row
//
// Operations: `Questionnaires.load`, `parse` and `embedded` read; nothing writes.

import Ratings
import Yams

/// Turns the text of a file into a checked questionnaire.
struct QuestionnaireReader {
    let file: String

    func read(_ text: String) throws(QuestionnaireError) -> Questionnaire {
        let (parser, node) = try compose(text)
        // Nodes refer to their anchors weakly; the parser owns them.
        defer { withExtendedLifetime(parser) {} }
        let top = YAMLNode(file: file, node: node)
        let fields = try top.fields(["id", "version", "languages", "questions"])
        let languages = try readLanguages(fields["languages"])
        return Questionnaire(
            id: try field(fields["id"]).id("the id"),
            version: try field(fields["version"]).integer(QuestionnaireLimits.versions, "the version"),
            languages: languages.codes, languageNames: languages.names,
            questions: try readQuestions(fields["questions"], languages.codes))
    }

    private func compose(_ text: String) throws(QuestionnaireError) -> (Parser, Node) {
        func failure(_ cause: String, _ mark: Mark?, _ nextStep: String) -> QuestionnaireError {
            QuestionnaireError(
                file: file, line: mark?.line, column: mark?.column, place: nil, cause: cause, nextStep: nextStep)
        }
        guard text.utf8.count(where: { $0 == UInt8(ascii: "*") }) <= QuestionnaireLimits.asterisks else {
            throw failure(
                "more than \(QuestionnaireLimits.asterisks) asterisks", nil, "write texts without them")
        }
        do {
            // Every value is taken as it is spelt, so no rule has to guess its kind; Yams' own rules are regular
            // expressions, which would bring ICU into the kiosk.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            guard let node = try parser.singleRoot() else {
                throw failure("it is empty", nil, "start from the default questionnaire")
            }
            return (parser, node)
        } catch let error as QuestionnaireError {
            throw error
        } catch let error as YamlError {
            let (cause, mark) = error.causeAndMark
            throw failure(cause, mark, "correct the YAML at this place")
        } catch {
            throw failure("\(error)", nil, "correct the YAML")
        }
    }

    /// `fields` has made sure that a required key is there.
    private func field(_ node: YAMLNode?) -> YAMLNode {
        guard let node else { preconditionFailure("a key was read that is not in the list of required keys") }
        return node
    }

    private func readLanguages(_ node: YAMLNode?) throws(QuestionnaireError) -> (codes: [String], names: Texts) {
        var codes: [String] = []
        var names: Texts = [:]
        for entry in try field(node).at("languages").list("languages", QuestionnaireLimits.languages) {
            let fields = try entry.fields(["code", "name"])
            let codeNode = field(fields["code"])
            let code = try codeNode.string()
            guard (2...3).contains(code.utf8.count),
                code.utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) })
            else {
                throw codeNode.error(
                    "\"\(code.prefix(40))\" is not a language code", "use two or three letters a-z, for example ru")
            }
            guard names[code] == nil else {
                throw codeNode.error("the language \"\(code)\" stands twice", "remove one")
            }
            codes.append(code)
            names[code] = try field(fields["name"]).words(
                QuestionnaireLimits.languageNameCharacters, "the name of language \"\(code)\"")
        }
        return (codes, names)
    }

    private func readQuestions(_ node: YAMLNode?, _ languages: [String]) throws(QuestionnaireError) -> [Question] {
        var questions: [Question] = []
        for entry in try field(node).at("questions").list("questions", QuestionnaireLimits.questions) {
            let question = try readQuestion(entry.at("question \(questions.count + 1)"), languages)
            guard !questions.contains(where: { $0.id == question.id }) else {
                throw entry.at("question \(questions.count + 1)").error(
                    "the id \"\(question.id)\" stands twice", "give each question its own id")
            }
            questions.append(question)
        }
        return questions
    }

    private func readQuestion(_ node: YAMLNode, _ languages: [String]) throws(QuestionnaireError) -> Question {
        let fields = try node.fields(["id", "may_be_skipped", "text", "options"])
        let id = try field(fields["id"]).id("the id")
        let place = "question \"\(id)\""
        var options: [Option] = []
        for entry in try field(fields["options"]).at(place).list("options", QuestionnaireLimits.options) {
            let entry = entry.at("\(place), option \(options.count + 1)")
            let option = try readOption(entry, languages)
            if let before = options.last {
                guard before.value < option.value else {
                    throw entry.error(
                        "value \(option.value) does not come after \(before.value)",
                        "order the options by growing values, each once")
                }
                guard (before.face == nil) == (option.face == nil) else {
                    throw entry.error("only some options have a face", "give a face to all options or to none")
                }
            }
            options.append(option)
        }
        return Question(
            id: id,
            text: try readTexts(
                field(fields["text"]).at(place), "the text", QuestionnaireLimits.textCharacters, languages),
            mayBeSkipped: try field(fields["may_be_skipped"]).at(place).flag("may_be_skipped"), options: options)
    }

    private func readOption(_ node: YAMLNode, _ languages: [String]) throws(QuestionnaireError) -> Option {
        let fields = try node.fields(["value", "label"], optional: ["face"])
        var face: Int?
        if let node = fields["face"] { face = try node.integer(QuestionnaireLimits.faces, "the face") }
        return Option(
            value: try field(fields["value"]).integer(QuestionnaireLimits.values, "the value"),
            label: try readTexts(
                field(fields["label"]), "the label", QuestionnaireLimits.labelCharacters, languages),
            face: face)
    }

    /// A text in each of the languages, in no other and in none twice.
    private func readTexts(
        _ node: YAMLNode, _ name: String, _ count: ClosedRange<Int>, _ languages: [String]
    ) throws(QuestionnaireError) -> Texts {
        var texts: Texts = [:]
        for (key, value) in try node.pairs("with a text for each of " + languages.joined(separator: ", ")) {
            guard languages.contains(key.text) else {
                throw key.node.error(
                    "\(name) is in a language \"\(key.text)\" that the questionnaire does not offer",
                    "remove it, or add the language to languages")
            }
            texts[key.text] = try value.words(count, "\(name) in \"\(key.text)\"")
        }
        for language in languages where texts[language] == nil {
            throw node.error("\(name) is missing in language \"\(language)\"", "add the translation")
        }
        return texts
    }
}

extension YamlError {
    /// One line without the excerpt of the file that `description` has.
    fileprivate var causeAndMark: (String, Mark?) {
        switch self {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            (problem + (context.map { " \($0.text) that begins at \($0.mark)" } ?? ""), mark)
        case .reader(let problem, _, _, _): (problem, nil)
        case .duplicatedKeysInMapping(let keys, let context):
            ("the key \"\(keys.first ?? "?")\" stands twice", context.mark)
        default: ("it is not YAML", nil)
        }
    }
}
