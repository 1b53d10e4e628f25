/// A text in every language that a questionnaire offers, by language code (`ru`, `en`).
public typealias Texts = [String: String]

/// What a visitor is asked, in every language offered: questions in order, and the words of the screens around them.
///
/// A value of this type is already checked (see `Questionnaires`): every text exists in every language, ids are unique.
public struct Questionnaire: Codable, Equatable, Sendable {
    /// A short name, for example `default`.
    public var id: String
    /// Grows with every change; records name `id@version`.
    public var version: Int
    /// Language codes in the order in which they are offered; the first one starts each session.
    public var languages: [String]
    /// What a language calls itself, by code («Русский», “English”).
    public var languageNames: Texts
    public var questions: [Question]

    public init(id: String, version: Int, languages: [String], languageNames: Texts, questions: [Question]) {
        self.id = id
        self.version = version
        self.languages = languages
        self.languageNames = languageNames
        self.questions = questions
    }

    /// `id@version`, as records carry it.
    public var reference: String { "\(id)@\(version)" }

    enum CodingKeys: String, CodingKey {
        case id, version, languages, questions
        case languageNames = "language_names"
    }
}

/// One screen: a text, and options of which one is pressed.
public struct Question: Codable, Equatable, Sendable {
    /// Stable over versions: figures are kept by it, for example `overall` or `waiting`.
    public var id: String
    public var text: Texts
    /// May be passed over; the overall question may not.
    public var mayBeSkipped: Bool
    /// In the order in which they stand on the screen, worst first.
    public var options: [Option]

    public init(id: String, text: Texts, mayBeSkipped: Bool, options: [Option]) {
        self.id = id
        self.text = text
        self.mayBeSkipped = mayBeSkipped
        self.options = options
    }

    enum CodingKeys: String, CodingKey {
        case id, text, options
        case mayBeSkipped = "may_be_skipped"
    }
}

/// One answer to press: a number, a word in every language, and a face.
public struct Option: Codable, Equatable, Sendable {
    /// The mark that is recorded, 1 the worst.
    public var value: Int
    public var label: Texts
    /// The expression of the face drawn above the number: -2 (very sad) … 2 (very glad); none draws no face.
    public var face: Int?

    public init(value: Int, label: Texts, face: Int?) {
        self.value = value
        self.label = label
        self.face = face
    }
}
