import Glibc
import Questionnaires
import Ratings
import Testing

@Suite("The built-in questionnaire")
struct EmbeddedTests {
    let questionnaire = Questionnaires.embedded.questionnaire

    @Test("asks for the visit as a whole, then for the five criteria of the law, which may be skipped")
    func questions() {
        #expect(questionnaire.reference == "default@1")
        #expect(questionnaire.languages == ["ru", "en"])
        #expect(questionnaire.languageNames == ["ru": "Русский", "en": "English"])
        #expect(
            questionnaire.questions.map(\.id) == ["overall", "term", "waiting", "staff", "comfort", "information"])
        #expect(questionnaire.questions.map(\.mayBeSkipped) == [false, true, true, true, true, true])
    }

    @Test("gives every question five answers with a number, a face and a short word in each language")
    func options() {
        for question in questionnaire.questions {
            #expect(question.options.map(\.value) == [1, 2, 3, 4, 5], "\(question.id)")
            #expect(question.options.map(\.face) == [-2, -1, 0, 1, 2], "\(question.id)")
            for language in questionnaire.languages {
                #expect(question.text[language]?.isEmpty == false)
                let labels = question.options.compactMap { $0.label[language] }
                #expect(labels.count == 5 && Set(labels).count == 5, "\(question.id) \(language)")
                #expect(labels.allSatisfy { $0.count <= 16 }, "\(labels)")
            }
        }
        #expect(questionnaire.questions[0].options[4].label["ru"] == "Отлично")
    }

    @Test("reads the same from its own bytes")
    func bytes() throws {
        let source = Questionnaires.embedded
        #expect(try Questionnaires.parse(bytes: source.bytes, name: "default.yaml") == source)
    }
}

@Suite("Reading a questionnaire")
struct ReadingTests {
    static let good = """
        id: hall
        version: 2
        languages:
          - { code: ru, name: Русский }
          - { code: "no", name: Norsk }
        questions:
          - id: overall
            may_be_skipped: false
            text: { ru: Как?, no: Hvordan? }
            options:
              - { value: 1, label: { ru: Плохо, no: Dårlig } }
              - { value: 5, label: { ru: Хорошо, no: Bra } }
          - id: staff-2
            may_be_skipped: true
            text: { ru: Кто?, no: Hvem? }
            options:
              - { value: 2, face: -2, label: { ru: Нет, no: Nei } }
              - { value: 3, face: 2, label: { ru: Да, no: Ja } }

        """

    @Test("a small correct file is taken as it stands")
    func correct() throws {
        let questionnaire = try Questionnaires.parse(yaml: Self.good, name: "hall.yaml")
        #expect(questionnaire.reference == "hall@2")
        #expect(questionnaire.languages == ["ru", "no"])
        #expect(questionnaire.questions.map(\.id) == ["overall", "staff-2"])
        #expect(questionnaire.questions[0].options.map(\.face) == [nil, nil])
        #expect(questionnaire.questions[0].options.map(\.value) == [1, 5])
        #expect(questionnaire.questions[1].text == ["ru": "Кто?", "no": "Hvem?"])
    }

    /// A change to the good file, and the line that refuses it.
    struct Fault: Sendable, CustomTestStringConvertible {
        var old: String
        var new: String
        var error: String
        var testDescription: String { error }

        init(_ old: String, _ new: String, _ error: String) {
            self.old = old
            self.new = new
            self.error = error
        }
    }

    static let faults = [
        Fault(
            "version: 2", "version: 2\ncolour: red",
            "3:1: unknown key \"colour\"; remove it, or use one of id, version, languages, questions"),
        Fault("id: hall\n", "", "1:1: the key \"id\" is missing; add it"),
        Fault(
            "id: hall", "id: Hall", "1:5: the id \"Hall\" is not an id; use 1 to 32 of a-z, 0-9 and -, no - at the ends"
        ),
        Fault("id: hall", "id: [hall]", "1:5: this is not a text; write one text"),
        Fault(
            "version: 2", "version: two",
            "2:10: the version is not a whole number; write a whole number from 1 to 1000000"),
        Fault(
            "version: 2", "version: \"2\"",
            "2:10: the version is not a whole number; write a whole number from 1 to 1000000"),
        Fault(
            "version: 2", "version: 0", "2:10: the version 0 is out of range; write a whole number from 1 to 1000000"),
        Fault(
            "version: 2", "version: 2\nversion: 3",
            "2:1: the key \"version\" stands twice; correct the YAML at this place"),
        Fault(
            "code: ru", "code: russian",
            "4:13: languages: \"russian\" is not a language code; use two or three letters a-z, for example ru"),
        Fault("code: \"no\"", "code: ru", "5:13: languages: the language \"ru\" stands twice; remove one"),
        Fault(
            "name: Norsk", "name: ''",
            "5:25: languages: the name of language \"no\" has 0 characters, allowed are 1 to 24; write it"),
        Fault(
            ", no: Hvem?", "",
            "15:11: question \"staff-2\": the text is missing in language \"no\"; add the translation"),
        Fault(
            ", no: Ja }", " }",
            "18:37: question \"staff-2\", option 2: the label is missing in language \"no\"; add the translation"),
        Fault(
            "no: Ja", "no: Ja, de: Ja",
            "18:55: question \"staff-2\", option 2: the label is in a language \"de\" that the questionnaire "
                + "does not offer; remove it, or add the language to languages"
        ),
        Fault(
            "id: staff-2", "id: overall",
            "13:5: question 2: the id \"overall\" stands twice; give each question its own id"),
        Fault(
            "id: staff-2", "id: -staff",
            "13:9: question 2: the id \"-staff\" is not an id; use 1 to 32 of a-z, 0-9 and -, no - at the ends"),
        Fault(
            "may_be_skipped: true", "may_be_skipped: yes",
            "14:21: question \"staff-2\": may_be_skipped is neither true nor false; write true or false"),
        Fault(
            "value: 5", "value: 6",
            "12:18: question \"overall\", option 2: the value 6 is out of range; write a whole number from 1 to 5"),
        Fault(
            "value: 5", "value: 1",
            "12:9: question \"overall\", option 2: value 1 does not come after 1; order the options by "
                + "growing values, each once"
        ),
        Fault(
            "face: -2", "face: -3",
            "17:27: question \"staff-2\", option 1: the face -3 is out of range; write a whole number from -2 to 2"),
        Fault(
            "face: -2, ", "",
            "18:9: question \"staff-2\", option 2: only some options have a face; give a face to all options or to none"
        ),
        Fault(
            "      - { value: 5, label: { ru: Хорошо, no: Bra } }\n", "",
            "11:7: question \"overall\": the number of options is 1, allowed are 2 to 11; add some"),
        Fault(
            "ru: Как?", "ru: \" Как?\"",
            "9:17: question \"overall\": the text in \"ru\" begins or ends with a space; remove the space"),
        Fault(
            "ru: Как?", "ru: \"Как\\nже?\"",
            "9:17: question \"overall\": the text in \"ru\" has a line break or another character that cannot "
                + "be drawn; remove it"
        ),
        Fault(
            "ru: Как?", "ru: " + String(repeating: "а", count: 201),
            "9:17: question \"overall\": the text in \"ru\" has 201 characters, allowed are 1 to 200; shorten it"),
        Fault(
            "questions:\n", "questions: 5\nrest:\n",
            "7:1: unknown key \"rest\"; remove it, or use one of id, version, languages, questions"),
        Fault(
            "text: { ru: Кто?, no: Hvem? }", "text: Кто?",
            "15:11: question \"staff-2\": this is not a mapping; write a mapping with a text for each of ru, no"),
        Fault(
            "id: hall", "id: &a hall",
            "1:5: an anchor (&) is used; write the part out instead of repeating it with & and *"),
        Fault("id: hall", "id: *a", "1:5: found undefined alias; correct the YAML at this place"),
        Fault(
            "id: hall", "id: 'hall",
            "19:1: found unexpected end of stream while scanning a quoted scalar that begins at 1:5; correct "
                + "the YAML at this place"
        ),
    ]

    @Test("a wrong file is refused with one line that names the place, the cause and the next step", arguments: faults)
    func refused(_ fault: Fault) throws {
        #expect(Self.good.contains(fault.old))
        let start = Self.good.firstRange(of: fault.old)
        let yaml = try Self.good.replacingCharacters(in: #require(start), with: fault.new)
        let error = #expect(throws: QuestionnaireError.self) { try Questionnaires.parse(yaml: yaml, name: "hall.yaml") }
        let text = try #require(error).description
        #expect(text == "questionnaire hall.yaml:" + fault.error)
        #expect(!text.contains("\n"))
    }

    @Test(
        "what is no questionnaire at all is refused, not read",
        arguments: [
            "", "# only a comment\n", "5", "[]", "- id", "\u{0}", "id: \u{1}", "{{{{", "---\nid: a\n---\nid: b\n",
            String(repeating: "[", count: 60_000), String(repeating: "- ", count: 30_000), "? [a]\n: b\n",
            "%YAML 9.9\n---\na",
            String(repeating: "*", count: 17), "!!binary x", "<<: {a: b}",
        ])
    func nonsense(_ yaml: String) throws {
        let error = #expect(throws: QuestionnaireError.self) { try Questionnaires.parse(yaml: yaml, name: "x.yaml") }
        let text = try #require(error).description
        #expect(text.hasPrefix("questionnaire x.yaml:") && text.contains("; ") && !text.contains("\n"), "\(text)")
    }

    @Test("a file whose parts repeat one another without bound is refused at once", arguments: [8, 9, 1000])
    func billionLaughs(_ levels: Int) {
        var yaml = "a0: &a0 [x, x]\n"
        for level in 1...levels { yaml += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(throws: QuestionnaireError.self) { try Questionnaires.parse(yaml: yaml, name: "x.yaml") }
    }

    @Test("cutting or changing the built-in file anywhere gives a questionnaire or one clear line, never a crash")
    func mutations() {
        let bytes = Questionnaires.embedded.bytes
        var refused = 0
        for position in stride(from: 0, to: bytes.count, by: 7) {
            var changed = bytes
            changed[position] = UInt8(truncatingIfNeeded: position &* 131 &+ 17)
            for candidate in [Array(bytes[..<position]), changed] {
                do throws(QuestionnaireError) {
                    _ = try Questionnaires.parse(bytes: candidate, name: "x.yaml")
                } catch {
                    refused += 1
                    #expect(!error.description.contains("\n"))
                }
            }
        }
        #expect(refused > bytes.count / 10)
    }

    @Test("bytes that are not UTF-8 are refused")
    func encoding() throws {
        let error = #expect(throws: QuestionnaireError.self) {
            try Questionnaires.parse(bytes: [0x69, 0x64, 0xFF], name: "x.yaml")
        }
        #expect(
            try #require(error).description
                == "questionnaire x.yaml: it is not UTF-8; save it again with the encoding UTF-8")
    }
}

@Suite("Reading a questionnaire from a file")
struct FileTests {
    private func temporaryFile(_ bytes: [UInt8]) throws -> String {
        var template = Array("/tmp/questionnaire-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test("the file's bytes come with the questionnaire")
    func load() throws {
        let path = try temporaryFile(Array(ReadingTests.good.utf8))
        defer { unlink(path) }
        let source = try Questionnaires.load(path: path)
        #expect(source.questionnaire.id == "hall")
        #expect(source.bytes == Array(ReadingTests.good.utf8))
    }

    @Test(
        "a path that cannot be read is named with the cause",
        arguments: [
            ("/nonexistent/hall.yaml", "open: No such file or directory"), ("/tmp", "read: Is a directory"),
        ])
    func unreadable(_ path: String, _ cause: String) throws {
        let error = #expect(throws: QuestionnaireError.self) { try Questionnaires.load(path: path) }
        #expect(
            try #require(error).description
                == "questionnaire \(path): \(cause); correct the path or its permissions in the settings")
    }

    @Test("a file without an end is not read to its end")
    func endless() throws {
        let error = #expect(throws: QuestionnaireError.self) { try Questionnaires.load(path: "/dev/zero") }
        #expect(try #require(error).cause == "it has more than 65536 bytes")
    }
}
