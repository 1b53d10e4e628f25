import DialogScreens
import Testing

@Suite struct ScreenGeometryTests {
    @Test(
        "The size in millimetres comes from the settings, else a credible connector, else the usual panel",
        arguments: [
            (1920, 1080, (477, 268), nil, ScreenGeometry.Source.connector, 477.0),
            (1920, 1080, (477, 268), 24.0, .settings, 531.3),
            // An aspect ratio in place of millimetres, as cheap panels report it.
            (1920, 1080, (160, 90), nil, .assumed, 476.0),
            (1920, 1080, (16, 9), nil, .assumed, 476.0),
            (1024, 768, (0, 0), nil, .assumed, 304.8),
            // The connector speaks of the panel before it was turned.
            (1080, 1920, (477, 268), nil, .connector, 268.0),
            (800, 480, (154, 86), nil, .connector, 154.0),
            // Pixels twice as wide as high.
            (1280, 800, (600, 180), nil, .assumed, 217.5),
        ] as [(Int, Int, (Int, Int), Double?, ScreenGeometry.Source, Double)])
    func resolve(
        width: Int, height: Int, connector: (Int, Int), diagonal: Double?, source: ScreenGeometry.Source,
        millimetres: Double
    ) {
        let geometry = ScreenGeometry.resolve(
            width: width, height: height, connectorMillimetres: (connector.0, connector.1), diagonalInches: diagonal)
        #expect(geometry.source == source)
        #expect(abs(geometry.widthMillimetres - millimetres) < 0.6)
    }

    @Test("A capital H subtends 0.7° at the viewing distance", arguments: [(400.0, 4.89), (500, 6.11), (600, 7.33)])
    func capHeight(distance: Double, millimetres: Double) {
        let geometry = ScreenGeometry(
            width: 1920, height: 1080, diagonalInches: 21.5, viewingDistanceMillimetres: distance)
        #expect(abs(geometry.minimumCapHeightMillimetres - millimetres) < 0.005)
    }

    @Test func smallPanelsAreReadFromCloser() {
        #expect(
            ScreenGeometry(width: 1920, height: 1080, diagonalInches: 21.5).viewingDistanceMillimetres == 500)
        #expect(ScreenGeometry(width: 1280, height: 800, diagonalInches: 10.1).viewingDistanceMillimetres == 400)
        #expect(ScreenGeometry(width: 800, height: 480, diagonalInches: 7).viewingDistanceMillimetres == 300)
    }
}
