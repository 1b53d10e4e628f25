import Glibc

/// Where device files are: /dev, or a folder that a test filled.
struct DeviceFolder: Equatable {
    var path = "/dev"

    /// DRM_MAX_MINOR of the kernel, for primary nodes; FB_MAX is 32.
    private static let largestCard = 63
    private static let largestFramebuffer = 31

    /// The cards that exist, by number.
    func cards() -> [String] {
        (0...Self.largestCard).map { "\(path)/dri/card\($0)" }.filter(Self.exists)
    }

    func framebuffers() -> [String] {
        (0...Self.largestFramebuffer).map { "\(path)/fb\($0)" }.filter(Self.exists)
    }

    /// By its name: /dev/fb0, as opposed to /dev/dri/card0.
    static func isFramebuffer(_ file: String) -> Bool {
        file.split(separator: "/").last?.hasPrefix("fb") ?? false
    }

    private static func exists(_ file: String) -> Bool {
        access(file, F_OK) == 0
    }
}
