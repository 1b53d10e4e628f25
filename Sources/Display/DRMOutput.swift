import CDRM

/// The way from a card's memory to a screen: a connector, the CRTC that feeds it and the mode.
struct DRMOutput {
    var connector: DRMConnector
    var crtc: UInt32
    var line: drmModeModeInfo

    var mode: ScreenMode { ScreenMode(line) }

    /// Finds the connector and the mode that the settings ask for. Probes every connector that may be the one.
    init(_ card: DRMCard, _ settings: DisplaySettings) throws(DisplayError) {
        let resources = try card.resources()
        var connectors: [DRMConnector] = []
        for id in resources.connectors {
            connectors.append(try card.connector(id, probe: true))
        }
        let connector = try Self.choose(from: connectors, named: settings.connector, thing: card.thing)
        guard let crtc = Self.crtc(for: connector, among: resources.crtcs, of: card, others: connectors) else {
            throw DisplayError(
                .unsupported, "\(card.thing) connector \(connector.name)", "has no free CRTC",
                nextStep: "unplug a screen, or name another connector in the settings")
        }
        self.connector = connector
        self.crtc = crtc
        line = try Self.line(for: connector, settings, thing: card.thing)
    }

    static func choose(
        from connectors: [DRMConnector], named name: String?, thing: String
    ) throws(DisplayError) -> DRMConnector {
        guard !connectors.isEmpty else {
            throw DisplayError(
                .unsupported, thing, "has no connectors", nextStep: "name another card in the settings (device)")
        }
        guard let name else {
            if let first = connectors.first(where: \.isConnected) { return first }
            let all = connectors.map(\.name).joined(separator: ", ")
            throw DisplayError(
                .disconnected, thing, "has no screen plugged in (\(all))",
                nextStep: "plug in a screen; it is used by itself")
        }
        guard let connector = connectors.first(where: { $0.name == name }) else {
            let all = connectors.map(\.name).joined(separator: ", ")
            throw DisplayError(
                .settings, thing, "has no connector \(name)", nextStep: "name one of these in the settings: \(all)")
        }
        guard connector.isConnected else {
            throw DisplayError(
                .disconnected, "\(thing) connector \(name)", "has no screen plugged in",
                nextStep: "plug in a screen; it is used by itself")
        }
        return connector
    }

    /// The mode line of a connected screen.
    static func line(
        for connector: DRMConnector, _ settings: DisplaySettings, thing: String
    ) throws(DisplayError) -> drmModeModeInfo {
        let modes = connector.lines.map { ScreenMode($0) }
        if let index = ScreenMode.choose(from: modes, request: settings.mode) { return connector.lines[index] }
        throw noMode(among: modes, settings.mode, thing: "\(thing) connector \(connector.name)")
    }

    static func noMode(among modes: [ScreenMode], _ request: ModeRequest?, thing: String) -> DisplayError {
        guard let request, !modes.isEmpty else {
            return DisplayError(
                .unsupported, thing, "reports no mode that can be shown",
                nextStep: "check the cable, or force a mode on the kernel's command line (video=)")
        }
        var offered: [String] = []
        for mode in modes where !offered.contains(mode.description) { offered.append(mode.description) }
        let list = offered.prefix(8).joined(separator: ", ") + (offered.count > 8 ? ", …" : "")
        return DisplayError(
            .settings, thing, "has no mode \(request)", nextStep: "set one of these, or none: \(list)")
    }

    /// The CRTC that feeds the connector already, else the first possible one that feeds no other.
    private static func crtc(
        for connector: DRMConnector, among crtcs: [UInt32], of card: DRMCard, others: [DRMConnector]
    ) -> UInt32? {
        if let current = card.encoder(connector.currentEncoder)?.currentCrtc, current != 0 { return current }
        let taken = others.compactMap { card.encoder($0.currentEncoder)?.currentCrtc }
        let possible = connector.encoders.compactMap { card.encoder($0)?.possibleCrtcs }.reduce(0, |)
        return crtcs.indices
            .filter { $0 < 32 && possible & (1 << UInt32($0)) != 0 }
            .map { crtcs[$0] }
            .first { !taken.contains($0) }
    }
}
