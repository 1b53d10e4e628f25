import Curl
import FoundationEssentials

/// The web display of a real kiosk, used as its page uses it. Used by one thread.
public final class WebPanel {
    /// What `GET /screen.json` says.
    public struct Screen: Decodable, Equatable {
        public struct Target: Decodable, Equatable {
            public var id: String
            public var x: Int
            public var y: Int
            public var width: Int
            public var height: Int
        }

        public var screen: String
        public var targets: [Target]

        public func target(_ id: String) -> Target? { targets.first { $0.id == id } }
    }

    private let session: CurlSession
    private let address: String

    /// Waits until `run` says in its log where its display is. Nothing when it ended before that.
    public init?(of run: Child, log: String) throws {
        let found = try wait(for: "the web display", log: log) { () -> String? in
            let said = (try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? ""
            let opened = said.split(separator: "\n").first { $0.contains("the web display is open") }
            if let address = opened?.split(separator: " ").first(where: { $0.hasPrefix("address=") }) {
                return String(address.dropFirst("address=".count))
            }
            return run.hasEnded ? "" : nil
        }
        guard !found.isEmpty else { return nil }
        address = found
        session = try CurlSession(channel: .plainLoopback)
    }

    /// Nothing when the program does not answer.
    public func screen() -> Screen? {
        let answer = try? session.perform(CurlRequest(method: "GET", url: address + "/screen.json"))
        return answer.flatMap { try? JSONDecoder().decode(Screen.self, from: Data($0.body)) }
    }

    /// A finger comes down in the middle of the target and goes up; false when nobody hears of it.
    @discardableResult
    public func press(_ target: Screen.Target) -> Bool {
        let place = "\"x\":\(target.x + target.width / 2),\"y\":\(target.y + target.height / 2)"
        return ["down", "up"].allSatisfy { kind in
            let request = CurlRequest(
                method: "POST", url: address + "/pointer", fields: [("Content-Type", "application/json")],
                body: Array("{\"kind\":\"\(kind)\",\(place)}".utf8))
            return (try? session.perform(request)) != nil
        }
    }
}
