/// Why a questionnaire is refused: one line with the file, the place, the cause and the next step. Exit status 78.
public struct QuestionnaireError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file, or what stands for it.
    public var file: String
    /// From 1; nothing where the file as a whole is meant.
    public var line: Int?
    public var column: Int?
    /// What is meant, in the words of the questionnaire: `question "staff", option 3`.
    public var place: String?
    public var cause: String
    public var nextStep: String

    public var description: String {
        var head = "questionnaire \(file)"
        if let line { head += ":\(line)" }
        if line != nil, let column { head += ":\(column)" }
        return [head, place, "\(cause); \(nextStep)"].compactMap(\.self).joined(separator: ": ")
    }
}
