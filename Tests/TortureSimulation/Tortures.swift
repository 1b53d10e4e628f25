import Torture

/// The part `simulation`.
public enum SimulationTortures {
    public static let all: [Torture] = []
}
