import Torture

/// The part `uplink`.
public enum UplinkTortures {
    public static let all: [Torture] = [
        NetworkFaults.torture, SecureFaults.torture, HostileAnswers.torture, SilentResends.torture, LongOutage.torture,
        BadRecords.torture, ReceiptKills.torture, FleetReturn.torture, SlowLine.torture, OfflineHalls.torture,
    ]
}
