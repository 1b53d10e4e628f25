import Torture

/// The part `uplink`.
public enum UplinkTortures {
    public static let all: [Torture] = [NetworkFaults.torture, HostileAnswers.torture]
}
