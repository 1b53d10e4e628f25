import Curl
import Delivery
import FoundationEssentials
import Glibc
import KioskControl
import Ledger
import Logging
import Ratings
import Wire

/// Where the uplink finds its partners, and its limits.
public struct UplinkSettings: Sendable {
    /// The folder of `run`'s sockets.
    public var runtimeFolder = "/run/otsenka"
    /// The uplink's own folder.
    public var stateFolder = "/var/lib/otsenka-uplink"
    /// Plain HTTP to this machine, for demonstration and tests.
    public var allowPlainLoopback = false
    public var delivery = DeliveryLimits()
    public var curl = CurlLimits()
    /// The least time at which certificates are judged, seconds since 1970: 2026-11-22, moved forward with each release.
    public var earliestTime: Int64 = 1_795_305_600
    /// How soon a kiosk that is not enrolled looks again, milliseconds.
    public var enrolmentPollMilliseconds: Int64 = 2_000

    public init() {}

    /// Everything within a second or two, for a demonstration that somebody watches.
    public mutating func hurry() { delivery = .demonstration }
}

/// `otsenka-kiosk uplink`: does what `Delivery` decides, one thing at a time.
///
/// It holds nothing that could be lost: records stay in `run`'s journal until their receipt is there. So it may be ended
/// at any moment by a signal's default action, and handles none.
public final class UplinkProgram {
    let settings: UplinkSettings
    let folder: StateFolder
    let run: RunLink
    private var delivery: Delivery
    private var random = SystemRandomNumberGenerator()
    var log: UplinkLog
    let logger: Logger

    var identity: KioskIdentity?
    private var collector: CollectorClient?
    var batch: Batch?
    var timeFloor: Int64
    /// Of the transport key's file as it was read.
    private var keyMark: [Int] = []
    /// The list of successions that was followed last, by its digest.
    var followedKeys: String?

    public init(settings: UplinkSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        folder = StateFolder(path: settings.stateFolder)
        run = RunLink(runtimeFolder: settings.runtimeFolder)
        delivery = Delivery(limits: settings.delivery)
        log = UplinkLog(logger)
        timeFloor = settings.earliestTime
    }

    /// Sends for as long as `goesOn`; a program passes nothing and is ended by a signal.
    public func deliver(while goesOn: () -> Bool = { true }) {
        var event = DeliveryEvent.started
        while goesOn() {
            guard let collector = ready() else {
                pause(milliseconds: settings.enrolmentPollMilliseconds)
                continue
            }
            let actions = delivery.handle(event, now: Self.now, random: &random)
            event = perform(actions, collector)
        }
    }

    private static let start = ContinuousClock.now
    /// Milliseconds that go on through suspend.
    private static var now: Int64 { Int64((ContinuousClock.now - start) / .milliseconds(1)) }

    private func pause(milliseconds: Int64) { usleep(UInt32(clamping: milliseconds * 1000)) }
}

// MARK: Getting ready

extension UplinkProgram {
    /// The collector to talk to, once the kiosk is enrolled and `run` answers; nothing until then.
    private func ready() -> CollectorClient? {
        if let collector, !run.isNew, folder.transportKeyMark() == keyMark { return collector }
        do {
            guard case .identity(let identity) = try run.ask(.identify) else {
                log.enter(.notEnrolled)
                return nil
            }
            return try load(identity)
        } catch {
            log.enter(error.exitStatus == UplinkError.absent ? .runAbsent("\(error)") : .unusable("\(error)"))
            return nil
        }
    }

    private func load(_ identity: KioskIdentity) throws(UplinkError) -> CollectorClient? {
        let mark = folder.transportKeyMark()
        guard let key = try folder.transportKey(), let record = try folder.collector() else {
            log.enter(.unusable("\(folder.path) holds no enrolment; run otsenka-kiosk enrol with this --state-dir"))
            return nil
        }
        guard record.collector == identity.collector else {
            let other =
                "\(folder.path) is enrolled with \(record.collector), but the journal with \(identity.collector)"
            log.enter(.unusable("\(other); enrol the kiosk again"))
            return nil
        }
        let made = try CollectorClient(
            record, key: key, succession: try folder.transportSuccession(), limits: settings.curl,
            allowPlainLoopback: settings.allowPlainLoopback)
        keyMark = mark
        timeFloor = max(settings.earliestTime, try folder.timeFloor() ?? 0)
        self.identity = identity
        collector = made
        return made
    }

    /// The kiosk was enrolled anew, or is no longer: keys and identity are read again before the next step.
    func enrolledAnew() -> DeliveryEvent {
        collector = nil
        batch = nil
        pause(milliseconds: settings.enrolmentPollMilliseconds)
        return .enrolledAnew
    }

    /// The authority or the name of a key has changed: the connection is made anew before the next step.
    func reconnect(believing identity: KioskIdentity, anew: Bool) {
        self.identity = identity
        if anew { collector = nil }
    }

    func isAnotherKiosk(_ kiosk: KioskID, epoch: Int) -> Bool {
        guard let identity else { return true }
        return kiosk != identity.kiosk || epoch > identity.epoch
    }
}

// MARK: Doing what is decided

extension UplinkProgram {
    private func perform(_ actions: [DeliveryAction], _ collector: CollectorClient) -> DeliveryEvent {
        do throws(UplinkError) {
            for case .report(let verdict) in actions { _ = try run.ask(.verdict(verdict)) }
            switch actions.last {
            case .rest(let milliseconds, let records): return try rest(milliseconds, records)
            case .fetch(let position, let records, let bytes): return try fetch(position, records, bytes)
            case .fetchReceipted(let epoch): return try fetch(.lastReceipted(before: epoch))
            case .upload: return try upload(collector)
            case .sendHeartbeat: return try heartbeat(collector)
            case .report, nil: preconditionFailure("the last action is a command")
            }
        } catch {
            log.enter(.runAbsent("\(error)"))
            return .runFailed
        }
    }

    private func rest(_ milliseconds: Int64, _ records: Int?) throws(UplinkError) -> DeliveryEvent {
        // `run` answers within 600 s at the latest; a longer rest is asked for again.
        let time = min(milliseconds, 300_000)
        // No backlog reaches this count: then only the time ends the wait.
        let request = UplinkRequest.wait(records: records ?? 1 << 40, seconds: Double(time) / 1000)
        switch try run.ask(request, extraMilliseconds: time) {
        case .pending(let records): return .rested(pending: records)
        default: throw UplinkError(UplinkError.absent, "otsenka-kiosk run does not say what waits")
        }
    }

    private func fetch(_ from: Position?, _ records: Int, _ bytes: Int) throws(UplinkError) -> DeliveryEvent {
        try fetch(.batch(epoch: from?.epoch, first: from?.sequence, maximumRecords: records, maximumBytes: bytes))
    }

    private func fetch(_ request: UplinkRequest) throws(UplinkError) -> DeliveryEvent {
        switch try run.ask(request) {
        case .batch(let batch):
            guard batch.lines.count == Int(clamping: batch.last - batch.first + 1), !batch.lines.isEmpty else {
                throw UplinkError(UplinkError.badData, "otsenka-kiosk run hands out a batch that contradicts itself")
            }
            if isAnotherKiosk(batch.kiosk, epoch: batch.epoch) { return enrolledAnew() }
            self.batch = batch
            return .fetched(batch.extent)
        case .nothing: return .fetched(nil)
        case .notEnrolled: return enrolledAnew()
        case .failed(let reason): throw UplinkError(UplinkError.tryAgain, reason)
        default: throw UplinkError(UplinkError.tryAgain, "otsenka-kiosk run hands out no batch")
        }
    }
}
