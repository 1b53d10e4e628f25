import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import Wire

@testable import CollectorWeb

/// `/openapi.json` against the router, in both directions, and each operation called once.
@Suite struct OpenAPITests {
    struct Document: Decodable {
        var openapi: String
        var paths: [String: [String: Operation]]
        var components: Components

        struct Operation: Decodable {
            var summary: String
            var parameters: [Parameter]?
            var responses: [String: Response]
        }
        struct Parameter: Decodable {
            var name: String
            var `in`: String
        }
        struct Response: Decodable { var content: [String: Content] }
        struct Content: Decodable {}
        struct Components: Decodable { var schemas: [String: Schema] }
        struct Schema: Decodable {
            var required: [String]?
            var properties: [String: Property]?
        }
        struct Property: Decodable { var `enum`: [String]? }

        static func served(by client: any TestClientProtocol) async throws -> Document {
            let response = try await client.execute(uri: "/openapi.json", method: .get)
            #expect(response.headers[.contentType] == "application/json")
            return try JSONDecoder().decode(Document.self, from: Data(response.body.readableBytesView))
        }
    }

    @Test("The document names exactly the routes of the router")
    func routes() async throws {
        let stage = try Stage()
        let routed = Set(
            stage.server.router().routes.filter { $0.method != .head }.map {
                "\($0.method.rawValue) \($0.path.description)"
            })
        try await stage.test { client in
            let document = try await Document.served(by: client)
            #expect(document.openapi.hasPrefix("3.1"))
            let documented = document.paths.flatMap { path, operations in
                operations.keys.map { "\($0.uppercased()) \(path)" }
            }
            #expect(Set(documented) == routed)
        }
    }

    @Test("Each parameter of a path is described, and each operation answers as the document says")
    func operations() async throws {
        let stage = try Stage()
        try await stage.test { client in
            for (path, operations) in try await Document.served(by: client).paths {
                for (method, operation) in operations {
                    let described = (operation.parameters ?? []).filter { $0.in == "path" }.map { "{\($0.name)}" }
                    let written = path.split(separator: "/").filter { $0.hasPrefix("{") }.map(String.init)
                    #expect(Set(described) == Set(written), "\(method) \(path)")
                    try await Self.call(method, path, operation, client)
                }
            }
        }
    }

    /// With nothing to show for itself the call gets either what 200 promises or a `Refusal` that knows the route.
    private static func call(
        _ method: String, _ path: String, _ operation: Document.Operation, _ client: any TestClientProtocol
    ) async throws {
        let uri = path.replacing("{kiosk}", with: "nobody").replacing("{epoch}", with: "1").replacing(
            "{range}", with: "1-2")
        let name = try #require(HTTPRequest.Method(method.uppercased()))
        let response = try await client.execute(uri: uri, method: name)
        let type = try #require(response.headers[.contentType]?.split(separator: ";").first.map(String.init))
        if response.status == .ok {
            let promised = try #require(operation.responses["200"])
            #expect(promised.content.keys.contains(type), "\(method) \(path) answers \(type)")
        } else {
            #expect(operation.responses["default"]?.content.keys.contains(type) == true)
            #expect(try response.refusal().error != .notFound, "\(method) \(path)")
        }
    }

    @Test("The document's refusals and fields are those of the code")
    func schemas() async throws {
        let stage = try Stage()
        try await stage.test { client in
            let schemas = try await Document.served(by: client).components.schemas
            let codes = schemas["Refusal"]?.properties?["error"]?.enum ?? []
            #expect(Set(codes) == Set(Refusal.Code.allCases.map(\.rawValue)))
            let summary = try JSONDecoder().decode(
                [String: Int].self, from: Data(try await client.text("/v1/summary").utf8))
            #expect(Set(summary.keys) == Set(schemas["Summary"]?.required ?? []))
            let encoder = JSONEncoder()
            let report = try encoder.encode(PublicReport(.sample, suppression: .standard))
            let object = try #require(try JSONSerialization.jsonObject(with: report) as? [String: Any])
            #expect(Set(object.keys) == Set(schemas["Report"]?.required ?? []))
        }
    }

    @Test(
        "Every answer carries the header fields that keep a browser in bounds",
        arguments: ["/", "/nothing", "/v1/summary", "/page.css"])
    func headers(path: String) async throws {
        let stage = try Stage()
        try await stage.test { client in
            let response = try await client.execute(uri: path, method: .get)
            #expect(response.headers[.contentSecurityPolicy]?.hasPrefix("default-src 'none'; style-src 'self'") == true)
            #expect(response.headers[.contentSecurityPolicy]?.contains("unsafe") == false)
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
        }
    }

    @Test(
        "A path or a method that is not there is a refusal",
        arguments: [("GET", "/nothing"), ("DELETE", "/v1/summary"), ("GET", "/admin/kiosks")])
    func unknown(method: String, path: String) async throws {
        let stage = try Stage()
        try await stage.test { client in
            let name = try #require(HTTPRequest.Method(method))
            let response = try await client.execute(uri: path, method: name)
            #expect(try response.refusal().error == .notFound)
        }
    }

    @Test("Metrics are lines that Prometheus reads, and no path of a stranger becomes a label")
    func metrics() async throws {
        let stage = try Stage()
        try await stage.test { client in
            _ = try await client.execute(uri: "/stranger?\"=1", method: .get)
            _ = try await client.text("/")
            let text = try await client.text("/metrics")
            #expect(text.contains("otsenka_http_requests_total{method=\"GET\",route=\"/\",status=\"200\"} 1\n"))
            #expect(!text.contains("stranger"))
            for line in text.split(separator: "\n") {
                let sample = /[a-z_]+(\{[a-z]+="([^"\\\n]|\\.)*"(,[a-z]+="([^"\\\n]|\\.)*")*\})? -?[0-9.e+-]+/
                #expect(line.hasPrefix("# ") || line.wholeMatch(of: sample) != nil, "\(line)")
            }
        }
    }
}
