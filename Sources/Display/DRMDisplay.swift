import CDRM
import Glibc

/// The screen behind a KMS card, drawn through two dumb buffers and page flips.
///
/// A frame is copied from the canvas into the buffer that is not shown and flipped at the next vertical blank; the
/// flip's event comes through `descriptor`. The buffer that was shown before lacks this frame's damage, which is kept
/// and copied with the next frame, so that both buffers converge without copying the whole picture.
///
/// A driver that knows no page flips is drawn into directly and told the damaged rectangles (DirtyFB). Drivers that
/// need to be told answer 0, the others ENOSYS or EINVAL, which is remembered. After a flip no DirtyFB is sent: a flip
/// updates the whole picture, and the call would wait for it.
public final class DRMDisplay: DisplayDevice {
    public private(set) var canvas: Canvas
    private let card: DRMCard
    private let settings: DisplaySettings
    private var output: DRMOutput
    private let before: drmModeCrtc?
    private var buffers: FrameBuffers
    private var isConnected = true
    private var wantsDirtyRects = true
    /// Counts the times the mode was set; a flip's event carries it, so that a late one is told apart.
    private var generation = 0
    /// Whether a flip has worked since the mode was set: a refusal of the first one means that the driver has none.
    private var hasFlipped = false

    init(_ path: String, settings: DisplaySettings) throws(DisplayError) {
        card = try DRMCard(path)
        self.settings = settings
        output = try DRMOutput(card, settings)
        before = card.crtc(output.crtc)
        canvas = Canvas(output.mode.size)
        buffers = try FrameBuffers(card, output.mode.size)
        try setMode()
    }

    public var name: String {
        "drm \(card.thing.dropFirst("screen ".count)) \(output.connector.name) \(output.mode)"
    }
    public var millimetres: PhysicalSize? {
        let reported = output.connector.millimetres
        return settings.millimetres ?? PhysicalSize(reported: reported.width, reported.height, of: canvas.size)
    }
    public var refreshMillihertz: Int? { output.mode.refreshMillihertz }
    public var descriptor: Int32 { card.descriptor }

    public func present(_ damage: [PixelRect]) throws(DisplayError) -> Presented {
        guard buffers.add(damage) else { return .shown }
        guard isConnected else { return .off }
        guard !buffers.isFlipping else { return .waiting }
        return try send()
    }

    /// Hands what changed to the driver.
    private func send() throws(DisplayError) -> Presented {
        guard buffers.flips else { return try sendDirectly() }
        let next = buffers.prepare(from: canvas)
        let mark = UnsafeMutableRawPointer(bitPattern: generation)
        let code = drmModePageFlip(card.descriptor, output.crtc, next.id, UInt32(DRM_MODE_PAGE_FLIP_EVENT), mark)
        switch -code {
        case 0:
            hasFlipped = true
            buffers.flipStarted()
            return .pending
        case EBUSY:
            // A flip that was sent before the mode was set is still on its way; its event sends this frame.
            return .waiting
        case ENOSYS, EOPNOTSUPP, EINVAL:
            guard !hasFlipped else { throw lost("flip to a new frame", -code) }
            buffers.giveUpFlips(canvas)
            return try sendDirectly()
        default:
            throw lost("flip to a new frame", -code)
        }
    }

    private func sendDirectly() throws(DisplayError) -> Presented {
        let rects = buffers.drawDirectly(from: canvas)
        guard wantsDirtyRects else { return .shown }
        var clips = rects.map {
            drmModeClip(
                x1: UInt16($0.x), y1: UInt16($0.y), x2: UInt16($0.x + $0.width), y2: UInt16($0.y + $0.height))
        }
        let code = drmModeDirtyFB(card.descriptor, buffers.shown.id, &clips, UInt32(clips.count))
        switch -code {
        case 0: break
        case ENOSYS, EOPNOTSUPP, EINVAL: wantsDirtyRects = false
        default: throw lost("show new parts of the picture", -code)
        }
        return .shown
    }

    /// A driver that drew before and refuses now has lost its mode, its screen or its right to draw.
    private func lost(_ what: String, _ code: Int32) -> DisplayError {
        var error = card.refusal(what, code)
        error.code = .lost
        return error
    }

    public func handleEvents() throws(DisplayError) -> Bool {
        var hasShown = false
        for mark in try finishedFlips() where mark == generation && buffers.isFlipping {
            buffers.flipFinished()
            hasShown = true
        }
        if buffers.hasUnsent, isConnected, !buffers.isFlipping, try send() == .shown { hasShown = true }
        return hasShown
    }

    /// The marks of the flips whose events have arrived. Read here rather than by drmHandleEvent, whose callback gets
    /// nothing but the mark: as a number it cannot outlive what it points to. The kernel hands out whole events only
    /// (drm-uapi.rst, "DRM specific event interface").
    private func finishedFlips() throws(DisplayError) -> [Int] {
        var marks: [Int] = []
        var failure: Int32 = 0
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
            let got = read(card.descriptor, buffer.baseAddress, buffer.count)
            guard got >= 0 else {
                failure = errno
                return
            }
            var offset = 0
            while offset + MemoryLayout<drm_event>.size <= got {
                let event = buffer.loadUnaligned(fromByteOffset: offset, as: drm_event.self)
                let length = Int(event.length)
                guard length >= MemoryLayout<drm_event>.size, offset + length <= got else { return }
                if event.type == UInt32(DRM_EVENT_FLIP_COMPLETE), length >= MemoryLayout<drm_event_vblank>.size {
                    let flip = buffer.loadUnaligned(fromByteOffset: offset, as: drm_event_vblank.self)
                    marks.append(Int(truncatingIfNeeded: flip.user_data))
                }
                offset += length
            }
        }
        switch failure {
        case 0, EAGAIN, EINTR: return marks
        default: throw lost("report its events", failure)
        }
    }

    public func refresh(probe: Bool) throws(DisplayError) -> Refreshed {
        // A socket that cannot tell of a plug by itself (VGA, USB screens) is asked by the kernel every 10 s only
        // (DRM_OUTPUT_POLL_PERIOD, drm_probe_helper.c). Nobody sees the screen that is missing, so asking costs nothing.
        let probe = probe || !isConnected
        let connector = try card.connector(output.connector.id, probe: probe)
        guard connector.isConnected else {
            if settings.connector == nil { try refuseIfElsewhere(probe: probe) }
            defer { isConnected = false }
            return isConnected ? .unplugged : .unchanged
        }
        guard probe else { return .unchanged }
        output.line = try DRMOutput.line(for: connector, settings, thing: card.thing)
        output.connector = connector
        isConnected = true
        let isSameSize = output.mode.size == canvas.size
        if !isSameSize {
            buffers = try FrameBuffers(card, output.mode.size)
            canvas = Canvas(output.mode.size)
        }
        // Even the same mode again: the screen may have been gone for less than a look, and a link that broke stays dark
        // until then ("Make sure legacy setCrtc always re-trains", drm_atomic.c). Where none broke nobody sees it.
        try setMode()
        return isSameSize ? .pluggedIn : .resized
    }

    /// A screen that was moved to another socket is followed, by opening the display again.
    private func refuseIfElsewhere(probe: Bool) throws(DisplayError) {
        for id in try card.resources().connectors where id != output.connector.id {
            let other = try card.connector(id, probe: probe)
            if other.isConnected {
                throw DisplayError(
                    .lost, "\(card.thing) connector \(output.connector.name)", "is empty and \(other.name) is not",
                    nextStep: "open the display again")
            }
        }
    }

    public func recover() throws(DisplayError) {
        try setMode()
    }

    /// Waits for flips in flight, as the kernel does when a mode is set.
    private func setMode() throws(DisplayError) {
        generation += 1
        hasFlipped = false
        let first = buffers.restart(from: canvas)
        try card.show(first.id, on: output.crtc, connector: output.connector.id, line: output.line)
    }

    public func close() {
        if let before { card.restore(before, connector: output.connector.id) }
    }
}
