import Glibc

/// How large a screen is, in pixels and in the world: what sizes in millimetres and legible letters are computed from.
public struct ScreenGeometry: Hashable, Sendable {
    /// Pixels, after rotation.
    public let width: Int
    public let height: Int
    /// Of the lit area, after rotation.
    public let widthMillimetres: Double
    public let heightMillimetres: Double
    /// From the eyes of a visitor to the screen; the legibility of letters is stated for it.
    public let viewingDistanceMillimetres: Double
    /// Where the size in millimetres comes from.
    public let source: Source

    public enum Source: Hashable, Sendable {
        case settings, connector
        /// Neither is known: the usual panel of this resolution.
        case assumed
    }

    /// - Parameters:
    ///   - diagonalInches: of the lit area; pixels are taken to be square.
    ///   - viewingDistanceMillimetres: `defaultViewingDistance` when none.
    public init(
        width: Int, height: Int, diagonalInches: Double, viewingDistanceMillimetres: Double? = nil,
        source: Source = .settings
    ) {
        precondition(width > 0 && height > 0 && diagonalInches > 0, "the settings were checked before")
        let pixelsPerMillimetre = (Double(width * width + height * height)).squareRoot() / (diagonalInches * 25.4)
        self.init(
            width: width, height: height, widthMillimetres: Double(width) / pixelsPerMillimetre,
            heightMillimetres: Double(height) / pixelsPerMillimetre,
            viewingDistanceMillimetres: viewingDistanceMillimetres, source: source)
    }

    private init(
        width: Int, height: Int, widthMillimetres: Double, heightMillimetres: Double,
        viewingDistanceMillimetres: Double?, source: Source
    ) {
        self.width = width
        self.height = height
        self.widthMillimetres = widthMillimetres
        self.heightMillimetres = heightMillimetres
        self.source = source
        let diagonal =
            (widthMillimetres * widthMillimetres + heightMillimetres * heightMillimetres).squareRoot() / 25.4
        self.viewingDistanceMillimetres =
            viewingDistanceMillimetres ?? Self.defaultViewingDistance(diagonalInches: diagonal)
    }

    /// The geometry from what is known: the settings' diagonal before the connector's size before an assumption.
    ///
    /// A connector's size is not believed when it makes pixels that are far from square or of an impossible density:
    /// many panels report nothing, or their aspect ratio (`160×90`) in place of millimetres.
    /// - Parameters:
    ///   - connectorMillimetres: as the connector reports them, before or after rotation.
    public static func resolve(
        width: Int, height: Int, connectorMillimetres: (width: Int, height: Int)? = nil,
        diagonalInches: Double? = nil, viewingDistanceMillimetres: Double? = nil
    ) -> ScreenGeometry {
        if let diagonalInches, diagonalInches > 0 {
            return ScreenGeometry(
                width: width, height: height, diagonalInches: diagonalInches,
                viewingDistanceMillimetres: viewingDistanceMillimetres)
        }
        if let size = connectorMillimetres {
            for (mmWidth, mmHeight) in [(size.width, size.height), (size.height, size.width)]
            where isPlausible(width: width, height: height, mmWidth: mmWidth, mmHeight: mmHeight) {
                return ScreenGeometry(
                    width: width, height: height, widthMillimetres: Double(mmWidth),
                    heightMillimetres: Double(mmHeight), viewingDistanceMillimetres: viewingDistanceMillimetres,
                    source: .connector)
            }
        }
        return ScreenGeometry(
            width: width, height: height, diagonalInches: usualDiagonal(width: width, height: height),
            viewingDistanceMillimetres: viewingDistanceMillimetres, source: .assumed)
    }

    private static func isPlausible(width: Int, height: Int, mmWidth: Int, mmHeight: Int) -> Bool {
        guard mmWidth > 0, mmHeight > 0 else { return false }
        let horizontal = Double(width) / Double(mmWidth)
        let vertical = Double(height) / Double(mmHeight)
        let ratio = horizontal / vertical
        return ratio > 0.85 && ratio < 1.18 && horizontal > 1.5 && horizontal < 11
    }

    /// What panels of a resolution usually measure: 7" for 800×480, 10.1" for 1280×800, 15" for 1024×768, else 21.5".
    private static func usualDiagonal(width: Int, height: Int) -> Double {
        switch (max(width, height), min(width, height)) {
        case (...854, ...480): 7
        case (...1024, ...600): 7
        case (...1024, _): 15
        case (...1280, 720...800): 10.1
        case (...1366, _): 15.6
        default: 21.5
        }
    }

    /// 500 mm for a kiosk that one stands before; 400 mm below 13" and 300 mm below 9", which stand on a counter and
    /// are pressed by somebody who leans over them. A larger distance can be set, as far as the words then fit.
    static func defaultViewingDistance(diagonalInches: Double) -> Double {
        switch diagonalInches {
        case ..<9: 300
        case ..<13: 400
        default: 500
        }
    }

    /// The mean of both directions; the pixels of real panels are square.
    public var pixelsPerMillimetre: Double {
        (Double(width) / widthMillimetres + Double(height) / heightMillimetres) / 2
    }

    /// Whole pixels that are at least so many millimetres.
    public func pixels(_ millimetres: Double) -> Int { Int((millimetres * pixelsPerMillimetre).rounded(.up)) }

    public func millimetres(_ pixels: Double) -> Double { pixels / pixelsPerMillimetre }

    /// The height of a capital H that subtends 0.7° at the viewing distance, in millimetres (EN 301 549, 5.1.4).
    public var minimumCapHeightMillimetres: Double { viewingDistanceMillimetres * tan(0.7 * .pi / 180) }
}
