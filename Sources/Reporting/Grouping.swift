/// By what `report ratings --by` puts ratings together (Contract).
public enum Grouping: String, Sendable, CaseIterable {
    case territory, direction, service, provider, office, window, month
}
