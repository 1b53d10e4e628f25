import Torture

/// The part `journal`.
public enum JournalTortures {
    public static let all: [Torture] = []
}
