import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Somebody at the kiosk's page and at the report's.
struct Person {
    let kiosk: URL
    let collector: URL

    struct Screen: Decodable {
        struct Target: Decodable {
            var id: String
            var label: String
            var x: Double
            var y: Double
            var width: Double
            var height: Double
        }

        var screen: String
        var language: String
        var targets: [Target]
    }

    func screen() async throws -> Screen {
        try JSONDecoder().decode(Screen.self, from: try await get(kiosk, "screen.json"))
    }

    func summary() async throws -> [String: Int] {
        let object = try JSONSerialization.jsonObject(with: try await get(collector, "v1/summary"))
        return (object as? [String: Any])?.compactMapValues { $0 as? Int } ?? [:]
    }

    func report(language: String) async throws -> String {
        String(decoding: try await get(collector, "", query: "lang=\(language)"), as: UTF8.self)
    }

    func get(_ base: URL, _ path: String, query: String? = nil) async throws -> Data {
        var components = URLComponents(url: base.appending(path: path), resolvingAgainstBaseURL: false)
        components?.query = query
        guard let url = components?.url else { throw DemoError.never(path) }
        let (data, response) = try await URLSession.shared.data(from: url)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard status == 200 else { throw DemoError.status(status, String(decoding: data, as: UTF8.self)) }
        return data
    }

    /// Presses and lifts in the middle of a target, once the screen offers it.
    func press(_ id: String) async throws {
        var target: Screen.Target?
        try await until("a screen with \(id)") {
            target = try await screen().targets.first { $0.id == id }
            return target != nil
        }
        guard let target else { throw DemoError.never(id) }
        try await point("down", target.x + target.width / 2, target.y + target.height / 2)
        try await point("up", target.x + target.width / 2, target.y + target.height / 2)
    }

    func point(_ kind: String, _ x: Double, _ y: Double) async throws {
        var request = URLRequest(url: kiosk.appending(path: "pointer"))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONSerialization.data(withJSONObject: ["kind": kind, "x": x, "y": y])
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard status == 204 else { throw DemoError.status(status, String(decoding: data, as: UTF8.self)) }
    }

    /// A whole visit with one answer, after which the kiosk waits for the next visitor.
    func rate(_ mark: Int) async throws {
        try await press("start")
        try await press("answer-\(mark)")
        try await press("finish")
        try await until("the idle screen") { try await screen().screen == "idle" }
    }

    /// Asks until the condition holds. The limit is generous, for a busy machine; nothing is measured by it.
    func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<6000 {
            if (try? await condition()) == true { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw DemoError.never(what)
    }
}
