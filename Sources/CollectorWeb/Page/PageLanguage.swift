/// A language in which the collector's pages are written.
enum PageLanguage: String, CaseIterable, Sendable {
    case russian = "ru"
    case english = "en"

    /// The language of a request: `?lang=` first, then the best entry of `Accept-Language` (RFC 9110 §12.5.4), else Russian.
    init(query: String?, acceptLanguage: String?) {
        if let asked = query.flatMap(PageLanguage.init(rawValue:)) {
            self = asked
            return
        }
        var best: (language: PageLanguage, weight: Double)?
        for entry in (acceptLanguage ?? "").split(separator: ",").prefix(32) {
            let parts = entry.split(separator: ";")
            guard let range = parts.first?.filter({ $0 != " " }).lowercased(),
                let language = PageLanguage.allCases.first(where: {
                    range == $0.rawValue || range.hasPrefix("\($0.rawValue)-")
                })
            else { continue }
            let weight = parts.dropFirst().lazy.compactMap(Self.weight).first ?? 1
            if weight > (best?.weight ?? 0) { best = (language, weight) }
        }
        self = best?.language ?? .russian
    }

    private static func weight(_ parameter: Substring) -> Double? {
        let text = parameter.filter { $0 != " " }
        return text.hasPrefix("q=") ? Double(text.dropFirst(2)) : nil
    }
}
