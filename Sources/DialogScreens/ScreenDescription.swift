import Dialog

/// What is on the screen, for speech, tests and the web display: the body of `GET /screen.json` in the Contract.
public struct ScreenDescription: Codable, Equatable, Sendable {
    public var screen: String
    public var language: String
    /// Pixels.
    public var width: Int
    public var height: Int
    public var targets: [Target]

    /// A place to press; pixels.
    public struct Target: Codable, Equatable, Sendable {
        /// As `TargetID.name` spells it.
        public var id: String
        public var label: String
        public var x: Int
        public var y: Int
        public var width: Int
        public var height: Int
    }

    init(_ scene: Scene) {
        screen = scene.screen
        language = scene.language
        width = scene.width
        height = scene.height
        targets = scene.targets.map {
            Target(
                id: $0.id.name, label: $0.label, x: $0.bounds.x, y: $0.bounds.y, width: $0.bounds.width,
                height: $0.bounds.height)
        }
    }
}
