import Torture

/// The parts `time` and `soak`.
public enum TimeTortures {
    public static let all: [Torture] = [WrongClocks.torture, RealClocks.torture, WrongCertificates.torture]
    public static let soak: [Torture] = [Soak.torture]
}
