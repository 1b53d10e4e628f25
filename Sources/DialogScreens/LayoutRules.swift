/// The numbers that a screen is measured against.
public enum LayoutRules {
    /// Both sides of a target on a public kiosk that elderly and disabled people use.
    public static let leastTargetMillimetres = 20.0
    /// Between two targets: a finger that slips off one does not land on the next.
    public static let leastGapMillimetres = 2.5
    /// Text against its background (WCAG 2.2, 1.4.3; ГОСТ Р 52872).
    public static let leastTextContrast = 4.5
    /// Keys, faces and signs against what is around them (WCAG 2.2, 1.4.11).
    public static let leastGraphicsContrast = 3.0
}
