import CDRM
import Glibc

/// An open KMS card of which this program is the master.
///
/// Reference: Documentation/gpu/drm-kms.rst and drm-uapi.rst of the kernel; drmMode.h of libdrm. The legacy interface
/// is used, not the atomic one, because every driver has it and one picture on one CRTC needs no more.
final class DRMCard {
    let thing: String
    private let file: DeviceFile

    init(_ path: String) throws(DisplayError) {
        thing = "screen \(path)"
        file = try DeviceFile(path, thing: thing, group: "video")
        var hasDumbBuffers: UInt64 = 0
        guard drmGetCap(file.descriptor, UInt64(DRM_CAP_DUMB_BUFFER), &hasDumbBuffers) == 0, hasDumbBuffers == 1
        else {
            throw DisplayError(
                .unsupported, thing, "is not a card that can show pictures",
                nextStep: "name another card in the settings (device)")
        }
        // The first program that opens a card is its master without asking.
        if drmIsMaster(descriptor) == 0, drmSetMaster(descriptor) != 0 {
            let code = SystemCode(errno)
            throw DisplayError(
                .busy, thing, "is in use by another program (\(code))",
                nextStep: "stop the other program (a desktop, another kiosk); fuser \(path) names it")
        }
    }

    var descriptor: Int32 { file.descriptor }

    deinit {
        drmDropMaster(file.descriptor)
    }

    /// An error of the call that just failed with -1 and errno.
    func refusal(_ what: String, _ number: Int32 = errno) -> DisplayError {
        .request(thing, what, SystemCode(number))
    }

    struct Resources {
        var crtcs: [UInt32]
        var connectors: [UInt32]
    }

    func resources() throws(DisplayError) -> Resources {
        guard let answer = drmModeGetResources(descriptor) else {
            let code = errno
            // A card that only computes: the primary node of a render-only driver.
            guard code == EOPNOTSUPP || code == EINVAL else { throw refusal("list its connectors", code) }
            throw DisplayError(
                .unsupported, thing, "has no connectors", nextStep: "name another card in the settings (device)")
        }
        defer { drmModeFreeResources(answer) }
        return Resources(
            crtcs: array(answer.pointee.crtcs, answer.pointee.count_crtcs),
            connectors: array(answer.pointee.connectors, answer.pointee.count_connectors))
    }

    /// `probe` asks the screen (some 10 to 100 ms); otherwise the kernel says what it knows.
    func connector(_ id: UInt32, probe: Bool) throws(DisplayError) -> DRMConnector {
        let answer = probe ? drmModeGetConnector(descriptor, id) : drmModeGetConnectorCurrent(descriptor, id)
        guard let answer else {
            let code = errno
            // A connector of a DisplayPort hub goes away with the hub.
            guard code == ENOENT else { throw refusal("describe a connector", code) }
            throw DisplayError(
                .lost, "\(thing) connector \(id)", "has gone (\(SystemCode(code)))",
                nextStep: "plug it in again; it is opened by itself")
        }
        defer { drmModeFreeConnector(answer) }
        let type = drmModeGetConnectorTypeName(answer.pointee.connector_type).map { String(cString: $0) } ?? "Unknown"
        return DRMConnector(
            id: id, name: "\(type)-\(answer.pointee.connector_type_id)",
            isConnected: answer.pointee.connection == DRM_MODE_CONNECTED,
            lines: array(answer.pointee.modes, answer.pointee.count_modes),
            millimetres: (Int(answer.pointee.mmWidth), Int(answer.pointee.mmHeight)),
            encoders: array(answer.pointee.encoders, answer.pointee.count_encoders),
            currentEncoder: answer.pointee.encoder_id)
    }

    /// nil for an encoder that has gone.
    func encoder(_ id: UInt32) -> (currentCrtc: UInt32, possibleCrtcs: UInt32)? {
        guard id != 0, let answer = drmModeGetEncoder(descriptor, id) else { return nil }
        defer { drmModeFreeEncoder(answer) }
        return (answer.pointee.crtc_id, answer.pointee.possible_crtcs)
    }

    /// What a CRTC shows, to be put back by `restore`.
    func crtc(_ id: UInt32) -> drmModeCrtc? {
        guard let answer = drmModeGetCrtc(descriptor, id) else { return nil }
        defer { drmModeFreeCrtc(answer) }
        return answer.pointee
    }

    func show(
        _ buffer: UInt32, on crtc: UInt32, connector: UInt32, line: drmModeModeInfo
    ) throws(DisplayError) {
        var connector = connector
        var line = line
        guard drmModeSetCrtc(descriptor, crtc, buffer, 0, 0, &connector, 1, &line) == 0 else {
            throw refusal("set the mode \(ScreenMode(line))")
        }
    }

    /// Shows what `crtc` said before, or nothing. A refusal is not an error: the old picture may have gone.
    func restore(_ saved: drmModeCrtc, connector: UInt32) {
        var connector = connector
        var line = saved.mode
        if saved.mode_valid != 0, saved.buffer_id != 0,
            drmModeSetCrtc(
                descriptor, saved.crtc_id, saved.buffer_id, saved.x, saved.y, &connector, 1, &line) == 0
        {
            return
        }
        drmModeSetCrtc(descriptor, saved.crtc_id, 0, 0, 0, nil, 0, nil)
    }

    private func array<Element>(_ start: UnsafeMutablePointer<Element>?, _ count: Int32) -> [Element] {
        Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }
}

/// A socket that a screen can be plugged into.
struct DRMConnector {
    var id: UInt32
    /// "HDMI-A-1", as in /sys/class/drm and on the kernel's command line.
    var name: String
    var isConnected: Bool
    var lines: [drmModeModeInfo]
    /// As the screen says; 0 where it does not.
    var millimetres: (width: Int, height: Int)
    var encoders: [UInt32]
    var currentEncoder: UInt32
}

extension ScreenMode {
    init(_ line: drmModeModeInfo) {
        let isInterlaced = line.flags & UInt32(DRM_MODE_FLAG_INTERLACE) != 0
        self.init(
            size: PixelSize(width: Int(line.hdisplay), height: Int(line.vdisplay)),
            refreshMillihertz: Self.refreshMillihertz(
                clockKilohertz: Int(line.clock), horizontalTotal: Int(line.htotal), verticalTotal: Int(line.vtotal),
                scan: Int(line.vscan), isInterlaced: isInterlaced,
                isDoubleScan: line.flags & UInt32(DRM_MODE_FLAG_DBLSCAN) != 0),
            isPreferred: line.type & UInt32(DRM_MODE_TYPE_PREFERRED) != 0, isInterlaced: isInterlaced)
    }
}
