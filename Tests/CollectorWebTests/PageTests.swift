import Foundation
import Reporting
import Testing

@testable import CollectorWeb

@Suite struct PageTests {
    func html(_ facts: PageFacts, _ language: PageLanguage) throws -> String {
        try PageTemplate().render(PageComposer(language: language, suppression: .standard).compose(facts))
    }

    @Test("The page can be looked at: OTSENKA_PAGES names a folder that gets it in both languages", arguments: PageLanguage.allCases)
    func look(language: PageLanguage) throws {
        guard let folder = ProcessInfo.processInfo.environment["OTSENKA_PAGES"] else { return }
        let page = try html(.sample, language).replacingOccurrences(of: "\"/page.css\"", with: "\"page.css\"")
        try page.write(toFile: "\(folder)/page.\(language.rawValue).html", atomically: true, encoding: .utf8)
        let empty = try html(.empty, language).replacingOccurrences(of: "\"/page.css\"", with: "\"page.css\"")
        try empty.write(toFile: "\(folder)/empty.\(language.rawValue).html", atomically: true, encoding: .utf8)
    }
}
