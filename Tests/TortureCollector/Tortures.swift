import Torture

/// The part `collector`.
public enum CollectorTortures {
    public static let all: [Torture] = [vandalism, cleanStores]
}
