import Dialog
import Drawing

/// A screen as a list of things to draw, in painting order, and of places to press. Equal scenes are equal pictures.
public struct Scene: Equatable, Sendable {
    /// The screen's name in the Contract (`DialogScreen.name`).
    public var screen: String
    public var language: String
    public var width: Int
    public var height: Int
    public var elements: [SceneElement]
    /// Where two lie upon one another the earlier one is pressed.
    public var targets: [SceneTarget]

    /// The target under a pixel.
    public func target(x: Int, y: Int) -> TargetID? {
        targets.first { $0.bounds.contains(x: x, y: y) }?.id
    }
}

/// A place to press.
public struct SceneTarget: Hashable, Sendable {
    public var id: TargetID
    /// The words on it; read aloud, shown in `screen.json`.
    public var label: String
    public var bounds: PixelRect
}

/// One thing to draw. All are opaque, so that a part of a screen can be redrawn from the elements that touch it.
public enum SceneElement: Hashable, Sendable {
    case panel(Panel)
    case face(Face)
    case pictogram(Pictogram)
    case text(TextBlock)

    /// Every pixel that drawing it can change.
    public var bounds: PixelRect {
        switch self {
        case .panel(let panel): panel.bounds
        case .face(let face): face.bounds
        case .pictogram(let pictogram): pictogram.bounds
        // Letters may reach over their box by the width of an edge.
        case .text(let text): text.bounds.inset(by: -2)
        }
    }
}

/// A filled rectangle, with rounded corners and an outline where asked.
public struct Panel: Hashable, Sendable {
    public enum Role: Hashable, Sendable {
        /// Something to stand on, or an ornament: what it shows is said in words as well.
        case ground
        /// A part of a key, which must stand out from what is around it.
        case key
    }
    public var role: Role = .ground
    public var bounds: PixelRect
    public var radius: Double = 0
    public var fill: Color
    public var border: Border?

    public struct Border: Hashable, Sendable {
        public var color: Color
        public var width: Double
    }
}

/// A face with an expression; line and size are the same for all expressions.
public struct Face: Hashable, Sendable {
    /// A square.
    public var bounds: PixelRect
    /// -2 (very sad) … 2 (very glad).
    public var expression: Int
    public var ink: Color
    public var fill: Color
}

/// A sign without words.
public struct Pictogram: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A hand that touches.
        case touch
        /// A tick in a disc.
        case done
        /// An exclamation mark in a ring.
        case attention
        /// Two bars in a ring.
        case pause
        /// A spanner: something waits for a technician.
        case technician
    }
    public var kind: Kind
    /// A square.
    public var bounds: PixelRect
    public var ink: Color
    /// What stands behind it, for the parts cut out of it.
    public var ground: Color
}

/// A text in a box that is exactly as high as its lines.
public struct TextBlock: Hashable, Sendable {
    public var text: String
    public var style: TextStyle
    public var color: Color
    /// Lines are broken and aligned in its width.
    public var bounds: PixelRect
    /// The room that the layout gave it: text outside it has run over.
    public var room: PixelRect
}
