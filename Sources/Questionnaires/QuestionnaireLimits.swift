/// What a questionnaire may hold at most. A larger one is refused when it is read, so nothing later needs to check.
public enum QuestionnaireLimits {
    /// Of the file.
    public static let bytes = 64 * 1024
    public static let languages = 1...8
    public static let questions = 1...20
    /// From a choice of two to a scale from 0 to 10.
    public static let options = 2...11
    /// Marks, 1 the worst. The reports count shares of 4 and 5 on this scale; a longer one needs formulas of its own.
    public static let values = 1...5
    /// Very sad to very glad.
    public static let faces = -2...2
    /// Characters of an id.
    public static let idCharacters = 1...32
    /// Characters of a question.
    public static let textCharacters = 1...200
    /// Characters of an option: two lines on a button, five buttons in a row.
    public static let labelCharacters = 1...32
    /// Characters of what a language calls itself.
    public static let languageNameCharacters = 1...24
    public static let versions = 1...1_000_000
    /// Asterisks in the file. In YAML they repeat an anchored part, and repetition of repetitions grows without bound
    /// before it can be refused node by node; so few cannot grow beyond some hundreds of nodes.
    public static let asterisks = 16
}
