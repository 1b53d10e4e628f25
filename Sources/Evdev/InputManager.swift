/// How devices are read. Settings win over udev's properties.
public struct InputSettings: Sendable {
    /// Keep other programs (a console, a desktop) from reading along. A refused grab is reported, not fatal.
    public var grab: Bool
    /// For every panel; nil: each panel's udev property LIBINPUT_CALIBRATION_MATRIX, else none.
    public var matrix: CalibrationMatrix?
    public var rotation: ScreenRotation
    /// Devices to leave alone: a printable name, a path ("/dev/input/event3") or a socket (ID_PATH).
    public var ignored: Set<String>

    public init(
        grab: Bool = true, matrix: CalibrationMatrix? = nil, rotation: ScreenRotation = .none,
        ignored: Set<String> = []
    ) {
        self.grab = grab
        self.matrix = matrix
        self.rotation = rotation
        self.ignored = ignored
    }
}

/// All input devices of the machine, for a loop that says "descriptor n is readable" on one thread.
///
/// The loop calls `start` once, `handleReadable` for each readable descriptor (level-triggered is enough) and
/// `handleDeadline` when `nextDeadline` has come. Times are microseconds of CLOCK_MONOTONIC, given by the caller.
/// `onUnwatch` is called before a descriptor is closed. Not safe for use from two threads.
public final class InputManager {
    public var onWatch: ((Int32) -> Void)?
    public var onUnwatch: ((Int32) -> Void)?

    private let settings: InputSettings
    private let udev: UdevWatch
    private var devices: [Int32: InputDevice] = [:]
    private var leftAlone: [String: DeviceDescription] = [:]
    /// Descriptors with events that wait inside libevdev, where poll(2) does not see them.
    private var unfinished: Set<Int32> = []
    private var numbers = ContactNumbers()
    private var lastID = 0
    /// Nodes that could not be opened for want of permission, by path.
    private var forbidden: [String: InputError] = [:]

    /// Listens for hot-plug; opens nothing yet. Fails only when libudev cannot start at all.
    public init(settings: InputSettings = InputSettings()) throws(InputError) {
        self.settings = settings
        udev = try UdevWatch()
    }

    /// Opens what is plugged in. The events are `deviceAdded`, `ignored`, and contacts and keys found down.
    public func start(now: Int64) -> [InputEvent] {
        if let descriptor = udev.descriptor { onWatch?(descriptor) }
        return udev.devices().flatMap { add($0, now: now) }
    }

    /// All descriptors to watch for readability: the devices' and the hot-plug monitor's.
    public var fileDescriptors: [Int32] {
        (udev.descriptor.map { [$0] } ?? []) + devices.keys.sorted()
    }

    /// False where devices that are plugged in later stay unseen (no netlink socket).
    public var watchesHotPlug: Bool { udev.descriptor != nil }

    /// Devices that are read, then those that are left alone, in the order in which they came.
    public var descriptions: [DeviceDescription] {
        devices.values.map(\.description).sorted { $0.id.number < $1.id.number }
            + leftAlone.values.sorted { $0.id.number < $1.id.number }
    }

    /// One of the errors that kept devices shut for want of permission, nil when all could be opened.
    public var permissionError: InputError? { forbidden.min { $0.key < $1.key }?.value }

    /// The events that wait on a descriptor. An unknown descriptor gives none: it may have been closed by an earlier
    /// call of the same turn of the loop.
    public func handleReadable(_ descriptor: Int32, now: Int64) -> [InputEvent] {
        if descriptor == udev.descriptor {
            return udev.changes().flatMap { node in
                node.action == .added ? add(node, now: now) : remove(path: node.path, now: now)
            }
        }
        return read(descriptor, now: now)
    }

    /// When `handleDeadline` is due; nil when nothing waits for time.
    public var nextDeadline: Int64? {
        if !unfinished.isEmpty { return 0 }
        return devices.values.compactMap(\.deadline).min()
    }

    public func handleDeadline(now: Int64) -> [InputEvent] {
        var events = unfinished.sorted().flatMap { read($0, now: now) }
        for descriptor in devices.keys.sorted() {
            guard let device = devices[descriptor], let deadline = device.deadline, now >= deadline else { continue }
            // What has arrived meanwhile counts as heard, however late we are.
            events += read(descriptor, now: now)
            events += devices[descriptor]?.liftIfSilent(now: now) ?? []
        }
        return events
    }

    // MARK: - Devices come and go

    private func add(_ node: UdevNode, now: Int64) -> [InputEvent] {
        if let known = devices.values.first(where: { $0.description.path == node.path }) {
            if known.systemPath == node.systemPath {
                // Seen a second time, now perhaps with the properties that udev's rules set.
                known.calibrate(matrix: matrix(for: node), rotation: settings.rotation)
                return []
            }
            return remove(path: node.path, now: now) + add(node, now: now)
        }
        leftAlone[node.path] = nil
        lastID += 1
        var description = DeviceDescription(
            id: DeviceID(lastID), name: "", path: node.path, socket: node.socket, deviceClass: nil, grab: .notAsked,
            leftAloneBecause: nil)
        do throws(InputError) {
            return try open(node, &description, now: now)
        } catch {
            if error.isPermission { forbidden[node.path] = error }
            description.leftAloneBecause = error.description
            return ignore(description, now: now)
        }
    }

    private func open(
        _ node: UdevNode, _ description: inout DeviceDescription, now: Int64
    ) throws(InputError) -> [InputEvent] {
        let handle = try EvdevHandle(path: node.path)
        forbidden[node.path] = nil
        description.name = printable(handle.name)
        if let reason = settingsAgainst(node, description) {
            description.leftAloneBecause = reason
            return ignore(description, now: now)
        }
        let capabilities = handle.capabilities()
        switch Classification(capabilities) {
        case .leftAlone(let reason):
            description.leftAloneBecause = reason
            return ignore(description, now: now)
        case .taken(let deviceClass):
            description.deviceClass = deviceClass
            if settings.grab { description.grab = handle.grab().map { .failed(code: $0) } ?? .grabbed }
            let device = InputDevice(
                handle: handle, description: description, deviceClass: deviceClass, capabilities: capabilities,
                systemPath: node.systemPath, matrix: matrix(for: node), rotation: settings.rotation)
            devices[device.descriptor] = device
            onWatch?(device.descriptor)
            let added = InputEvent(
                device: description.id, time: now, kind: .deviceAdded(description), synthesised: true)
            return [added] + device.seed(now: now, numbers: &numbers)
        }
    }

    private func settingsAgainst(_ node: UdevNode, _ description: DeviceDescription) -> String? {
        if devices.count >= InputLimits.devices { return "\(InputLimits.devices) devices are read already" }
        if node.isIgnored { return "udev's LIBINPUT_IGNORE_DEVICE says so" }
        let names = [description.name, description.path, description.socket ?? ""]
        return names.contains(where: settings.ignored.contains) ? "the settings say so" : nil
    }

    /// A property that cannot be read leaves the panel uncalibrated rather than dead.
    private func matrix(for node: UdevNode) -> CalibrationMatrix {
        settings.matrix ?? node.calibration.flatMap { try? CalibrationMatrix(text: $0) } ?? .identity
    }

    private func ignore(_ description: DeviceDescription, now: Int64) -> [InputEvent] {
        if leftAlone.count < InputLimits.leftAloneDevices { leftAlone[description.path] = description }
        return [InputEvent(device: description.id, time: now, kind: .ignored(description), synthesised: true)]
    }

    private func remove(path: String, now: Int64) -> [InputEvent] {
        leftAlone[path] = nil
        forbidden[path] = nil
        guard let (descriptor, device) = devices.first(where: { $0.value.description.path == path }) else { return [] }
        // What it said before it went is still heard: a tap and a pulled plug in one turn are a tap.
        let last = device.read(now: now, numbers: &numbers)
        return last.events + close(descriptor, device, now: now)
    }

    private func close(_ descriptor: Int32, _ device: InputDevice, now: Int64) -> [InputEvent] {
        onUnwatch?(descriptor)
        devices[descriptor] = nil
        unfinished.remove(descriptor)
        let removed = InputEvent(
            device: device.description.id, time: now, kind: .deviceRemoved(device.description), synthesised: true)
        return device.cancelAll(now: now) + [removed]
    }

    private func read(_ descriptor: Int32, now: Int64) -> [InputEvent] {
        guard let device = devices[descriptor] else { return [] }
        unfinished.remove(descriptor)
        let turn = device.read(now: now, numbers: &numbers)
        if turn.hasMore { unfinished.insert(descriptor) }
        return turn.gone == nil ? turn.events : turn.events + close(descriptor, device, now: now)
    }
}
