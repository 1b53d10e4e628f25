import Torture

/// The part `collector`.
public enum CollectorTortures {
    public static let all: [Torture] = [
        CollectorKills.torture,
        FailingCalls.torture,
        ManyConnections.torture,
        OneBadKiosk.torture,
    ]
}
