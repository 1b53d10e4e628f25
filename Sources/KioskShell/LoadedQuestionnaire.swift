import FoundationEssentials
import Questionnaires
import Ratings

/// The questionnaire that is asked, with the bytes it was read from: their digest goes on record.
public struct LoadedQuestionnaire: Sendable {
    public var questionnaire: Questionnaire
    public var bytes: Data

    /// The one at `path`, or the embedded one. Throws `QuestionnaireError`.
    public init(path: String?) throws {
        let source = try path.map { path throws(QuestionnaireError) in try Questionnaires.load(path: path) }
        questionnaire = (source ?? Questionnaires.embedded).questionnaire
        bytes = Data((source ?? Questionnaires.embedded).bytes)
    }
}
