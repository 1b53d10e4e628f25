import Mustache

/// The public page's templates, parsed once.
struct PageTemplate: Sendable {
    private let page: MustacheTemplate
    private let audit: MustacheTemplate
    private let library: MustacheLibrary

    /// Throws if an embedded template does not parse: a fault of ours that a test finds.
    init() throws {
        MustacheContentTypes.register(ScalarEscapedHTML(), named: ScalarEscapedHTML.name)
        page = try MustacheTemplate(string: String(decoding: PackageResources.page_mustache, as: UTF8.self))
        audit = try MustacheTemplate(string: String(decoding: PackageResources.audit_mustache, as: UTF8.self))
        let row = try MustacheTemplate(string: String(decoding: PackageResources.row_mustache, as: UTF8.self))
        library = MustacheLibrary(templates: ["row": row])
    }

    /// The page as HTML.
    func render(_ view: PageView) -> String { page.render(view, library: library) }

    /// The auditor's page as HTML.
    func render(_ view: AuditView) -> String { audit.render(view, library: library) }
}

/// Escapes for HTML scalar by scalar.
///
/// The package's own escaping compares whole `Character`s, so a quotation mark followed by a combining mark is left as it
/// is and ends an attribute.
struct ScalarEscapedHTML: MustacheContentType {
    static let name = "SCALAR-HTML"

    func escapeText(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
