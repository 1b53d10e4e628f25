extension DisplaySettings {
    /// The display that these settings name, showing black.
    ///
    /// An error whose `isWorthRetrying` holds may pass by itself: a driver that comes late, an unplugged screen,
    /// another program that still ends. Call again when a `DisplayWatch` says so, and every few seconds anyway.
    public func open() throws(DisplayError) -> any DisplayDevice {
        try open(in: DeviceFolder())
    }

    func open(in devices: DeviceFolder) throws(DisplayError) -> any DisplayDevice {
        switch backend {
        case .headless, .web: return HeadlessDisplay(self)
        case .drm: return try openCard(devices)
        case .fbdev: return try openFramebuffer(devices)
        case .auto:
            if let device, DeviceFolder.isFramebuffer(device) { return try openFramebuffer(devices) }
            do throws(DisplayError) {
                return try openCard(devices)
            } catch {
                // A card without a screen is waited for; a machine without a card that can show pictures has, at
                // best, a framebuffer.
                guard device == nil, error.code == .absent || error.code == .unsupported else { throw error }
                do throws(DisplayError) {
                    return try openFramebuffer(devices)
                } catch let other {
                    throw other.code == .absent ? error.asNoDisplay : other
                }
            }
        }
    }

    private func openCard(_ devices: DeviceFolder) throws(DisplayError) -> any DisplayDevice {
        if let device { return try DRMDisplay(device, settings: self) }
        // The first card with a connected screen; failing that, the most telling refusal: one about a card that can
        // show pictures rather than one about a card that cannot.
        var refusal: DisplayError?
        for card in devices.cards() {
            do throws(DisplayError) {
                return try DRMDisplay(card, settings: self)
            } catch {
                if refusal == nil || refusal?.code == .unsupported { refusal = error }
            }
        }
        throw refusal
            ?? DisplayError(
                .absent, "screen \(devices.path)/dri/card0", "does not exist",
                nextStep: "wait for the graphics driver, or load it; dmesg says why it is missing")
    }

    private func openFramebuffer(_ devices: DeviceFolder) throws(DisplayError) -> any DisplayDevice {
        let path = device ?? devices.framebuffers().first ?? "\(devices.path)/fb0"
        return try FramebufferDisplay(path, settings: self, devices: devices)
    }
}

extension DisplayError {
    /// The refusal of `auto` on a machine with neither a card nor a framebuffer.
    fileprivate var asNoDisplay: DisplayError {
        guard code == .absent else { return self }
        return DisplayError(
            .absent, thing, "does not exist, and there is no framebuffer either",
            nextStep: "load a graphics driver, or choose display: headless")
    }
}
