import Dialog
import Display
import Drawing
import Evdev
import Logging
import Ratings
import Systemd

/// Keeps a display on the loop: waits for one that comes late, opens it again when it goes, and shows the newest view.
final class Screen {
    private static let retryMilliseconds: Int64 = 250
    private static let lookMilliseconds: Int64 = 1_000
    /// Sockets that cannot tell (VGA) are asked, and a screen that is back is to show within 2 s on a slow machine too.
    private static let unpluggedLookMilliseconds: Int64 = 500
    /// Asking a screen takes up to 100 ms, and a plug that rocks in its socket tells of hundreds of changes.
    private static let probeMilliseconds: Int64 = 250

    private let loop: EventLoop
    private let settings: KioskSettings.DisplayPart
    private let opener: (() throws(DisplayError) -> any DisplayDevice)?
    private let questionnaire: Questionnaire
    private let logger: Logger
    /// Loaded before there is a display and kept when it goes: a screen that comes is not to wait for fonts.
    private let typesetter: Typesetter
    private(set) var panel: Panel?
    /// Told when the display goes and when it is back.
    var lost: ((Bool) -> Void)?
    /// The display is new: somebody may want to know of its first frame.
    var redrawn: (() -> Void)?
    private var view: DialogView?
    private var flips: Watch?
    private var files: Watch?
    private var connectors: Watch?
    private var isUnplugged = false
    private var isProbeWanted = false
    private var probedAt: Int64?
    private var timer: Timer?
    private var waitingSince: Int64?
    private var pendingSince: Int64?
    private var lastError: DisplayError?

    /// Opens the display, or starts to wait for it. Throws `DisplayError` for one that waiting will not bring,
    /// and `DrawingError` without fonts.
    /// `opener` is for tests; without it the display is the one that the settings name.
    init(
        loop: EventLoop, settings: KioskSettings.DisplayPart, questionnaire: Questionnaire, logger: Logger,
        opener: (() throws(DisplayError) -> any DisplayDevice)? = nil
    ) throws {
        self.loop = loop
        self.settings = settings
        self.opener = opener
        self.questionnaire = questionnaire
        self.logger = logger
        typesetter = try Typesetter()
        try watchForNews()
        timer = try loop.timer { [weak self] in self?.look() }
        try open()
        armTimer()
    }

    private func watchForNews() throws {
        guard ![.headless, .web].contains(settings.backend) else { return }
        if let watch = opened({ try DisplayWatch() }) {
            files = try loop.watch(watch.descriptor, for: .readable) { [weak self] _ in
                if watch.drain() { self?.look() }
            }
        }
        if let watch = opened({ try ConnectorWatch() }) {
            connectors = try loop.watch(watch.descriptor, for: .readable) { [weak self] _ in
                if watch.drain() { self?.connectorsChanged() }
            }
        }
    }

    /// Without a source of news the display is looked after all the same, every second.
    private func opened<Source>(_ open: () throws -> Source) -> Source? {
        do { return try open() } catch {
            logger.warning("a screen that comes or goes is noticed late", metadata: ["cause": "\(error)"])
            return nil
        }
    }

    /// For logs and `status`.
    var name: String { panel?.display.name ?? "none (\(lastError?.description ?? "waiting"))" }

    func show(_ view: DialogView) {
        self.view = view
        guard let panel else { return }
        attempt { note(try panel.show(view)) }
    }

    func close() {
        flips?.cancel()
        timer?.cancel()
        files?.cancel()
        connectors?.cancel()
        panel?.display.close()
        panel = nil
    }

    // MARK: - Coming and going

    private func open() throws {
        let display: any DisplayDevice
        do { display = try openDevice() } catch {
            // A display that was waited for, or that worked, may be half there: its file exists before udev has set its
            // rights, its card before it has told of its screens. Only a start can know that waiting is in vain.
            guard error.isWorthRetrying || waitingSince != nil else { throw error }
            if lastError != error { logger.warning("waiting for a display", metadata: ["cause": "\(error)"]) }
            lastError = error
            waitingSince = waitingSince ?? KernelClock.monotonic.milliseconds
            return
        }
        panel = Panel(
            display: display, questionnaire: questionnaire, settings: settings, typesetter: typesetter)
        if display.descriptor >= 0 {
            flips = try loop.watch(display.descriptor, for: .readable, priority: .important) { [weak self] _ in
                self?.flipped()
            }
        }
        if waitingSince != nil { logger.notice("the display is there", metadata: ["display": "\(display.name)"]) }
        waitingSince = nil
        pendingSince = nil
        isUnplugged = false
        lastError = nil
        lost?(false)
        if let view { show(view) }
        redrawn?()
    }

    private func openDevice() throws(DisplayError) -> any DisplayDevice {
        guard let opener else { return try settings.deviceSettings.open() }
        return try opener()
    }

    /// A card has told that it may have another screen: asks it, at once where it was not asked just now.
    func connectorsChanged() {
        isProbeWanted = true
        armTimer()
    }

    /// Looks after the display, or for one.
    private func look() {
        defer { armTimer() }
        let probe = isProbeWanted
        isProbeWanted = false
        if probe { probedAt = KernelClock.monotonic.milliseconds }
        if let since = waitingSince {
            do { try open() } catch { return giveUp("\(error)") }
            if waitingSince != nil, KernelClock.monotonic.milliseconds - since > Int64(settings.waitSeconds) * 1000 {
                giveUp(lastError?.description ?? "no display")
            }
            return
        }
        guard let panel else { return }
        attempt {
            let found = try panel.display.refresh(probe: probe)
            // A mode that was set shows everything; a flip from before never tells of itself.
            if found != .unchanged {
                pendingSince = nil
                isUnplugged = found == .unplugged
            }
            switch found {
            case .unchanged: break
            case .unplugged:
                logger.warning("the screen was unplugged", metadata: ["display": "\(panel.display.name)"])
                lost?(true)
            case .pluggedIn, .resized:
                logger.notice("the screen is plugged in", metadata: ["display": "\(panel.display.name)"])
                lost?(false)
                if found == .resized { try panel.redraw() }
            }
            if let since = pendingSince, KernelClock.monotonic.milliseconds - since > 1000 {
                logger.warning("a frame did not arrive; the mode is set again")
                pendingSince = nil
                try panel.display.recover()
            }
        }
    }

    private func flipped() {
        guard let panel else { return }
        attempt { if try panel.display.handleEvents() { pendingSince = nil } }
    }

    private func note(_ presented: Presented?) {
        switch presented {
        case .pending, .waiting: pendingSince = pendingSince ?? KernelClock.monotonic.milliseconds
        case .shown, .off, nil: break
        }
    }

    /// A display that fails is closed and opened again; the dialog goes on meanwhile.
    private func attempt(_ work: () throws -> Void) {
        do { try work() } catch {
            logger.error("the display failed", metadata: ["cause": "\(error)"])
            flips?.cancel()
            flips = nil
            panel?.display.close()
            panel = nil
            waitingSince = KernelClock.monotonic.milliseconds
            lost?(true)
            armTimer()
        }
    }

    private func giveUp(_ cause: String) {
        logger.critical("there is no display to draw on", metadata: ["cause": "\(cause)"])
        loop.stop(status: 69)
    }

    private func armTimer() {
        var wait = isUnplugged ? Self.unpluggedLookMilliseconds : Self.lookMilliseconds
        if waitingSince != nil { wait = Self.retryMilliseconds }
        if isProbeWanted {
            let sinceProbe = probedAt.map { KernelClock.monotonic.milliseconds - $0 } ?? Self.probeMilliseconds
            wait = min(wait, max(0, Self.probeMilliseconds - sinceProbe))
        }
        try? timer?.arm(afterMilliseconds: wait)
    }
}
