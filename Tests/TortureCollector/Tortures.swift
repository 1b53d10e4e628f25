import Torture

/// The part `collector`.
public enum CollectorTortures {
    public static let all: [Torture] = [
        CollectorKills.torture, FailingCalls.torture, ManyConnections.torture,
        Torture("G25 restore of an old backup", tries: 60) { trial in try RestoreDrill.run(trial) }, vandalism,
        cleanStores, OneBadKiosk.torture, SignedHostility.torture,
    ]
}
