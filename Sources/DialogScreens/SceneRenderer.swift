import Drawing

/// Draws scenes.
public struct SceneRenderer {
    private let typesetter: Typesetter

    public init(typesetter: Typesetter) {
        self.typesetter = typesetter
    }

    /// Draws what of a scene lies in the rectangles and leaves every other pixel as it is.
    public func draw(_ scene: Scene, damage: [PixelRect], on canvas: borrowing Canvas) {
        for rect in damage {
            let clip = rect.intersection(canvas.bounds)
            guard !clip.isEmpty else { continue }
            canvas.withClip(clip) { canvas in
                for element in scene.elements where element.bounds.intersects(clip) { draw(element, on: canvas) }
            }
        }
    }

    private func draw(_ element: SceneElement, on canvas: borrowing Canvas) {
        switch element {
        case .panel(let panel):
            canvas.fill(panel.bounds, radius: panel.radius, color: panel.fill)
            if let border = panel.border {
                canvas.stroke(panel.bounds, radius: panel.radius, lineWidth: border.width, color: border.color)
            }
        case .face(let face): face.draw(on: canvas)
        case .pictogram(let pictogram): pictogram.draw(on: canvas)
        case .text(let block):
            typesetter.draw(block.text, style: block.style, color: block.color, in: block.bounds, on: canvas)
        }
    }
}
