/// A device that is read: its handle, its decoder and the frame that is being collected.
final class InputDevice {
    let description: DeviceDescription
    /// udev's path in /sys, which tells a replugged device from the same one seen twice.
    let systemPath: String
    private let handle: EvdevHandle
    private let capabilities: Capabilities
    private var decoder: DeviceDecoder
    private var converter: MtdevConverter?
    private var frame: [RawEvent] = []
    /// The frame holds synchronised events, or followed lost ones: nothing in it is a press.
    private var frameIsTainted = false
    private var isSynchronising = false
    private var frameTime: Int64 = 0
    /// Protocol A only.
    private var silence: LiftSilence?

    init(
        handle: EvdevHandle, description: DeviceDescription, deviceClass: DeviceClass, capabilities: Capabilities,
        systemPath: String, matrix: CalibrationMatrix, rotation: ScreenRotation
    ) {
        self.handle = handle
        self.description = description
        self.systemPath = systemPath
        self.capabilities = capabilities
        decoder = DeviceDecoder(
            deviceClass, capabilities: capabilities, matrix: matrix, rotation: rotation,
            currentSlot: handle.currentSlot)
        if deviceClass == .packets {
            converter = MtdevConverter(capabilities)
            silence = LiftSilence()
        }
    }

    var descriptor: Int32 { handle.descriptor }

    func calibrate(matrix: CalibrationMatrix, rotation: ScreenRotation) {
        decoder.calibrate(matrix: matrix, rotation: rotation)
    }

    /// What was down when the device was opened: known from now on, and no press.
    func seed(now: Int64, numbers: inout ContactNumbers) -> [InputEvent] {
        let state = handle.state(of: capabilities)
        silence?.take(state)
        // Protocol A has no state to ask for; contacts of its first packet may have been there before us.
        if converter != nil, state.contains(RawEvent(Code.key, Code.touch, 1)) { frameIsTainted = true }
        return events(decoder.frame(state, synthesised: true, seed: true, numbers: &numbers), at: now)
    }

    struct Turn {
        var events: [InputEvent] = []
        /// C's name of the reason when the device is gone.
        var gone: String?
        /// The limit of this turn was reached; more may wait inside libevdev, where poll(2) does not see it.
        var hasMore = false
    }

    /// Everything that can be read without waiting, up to `InputLimits.eventsPerTurn`.
    func read(now: Int64, numbers: inout ContactNumbers) -> Turn {
        var turn = Turn()
        for _ in 0..<InputLimits.eventsPerTurn {
            switch handle.next() {
            case .event(let event, let time, let synchronised):
                if isSynchronising, !synchronised { endSynchronising(now, &numbers, &turn) }
                if synchronised { frameIsTainted = true }
                frameTime = handle.isMonotonic ? time : now
                take(event, now, &numbers, &turn)
            case .dropped:
                isSynchronising = true
                frameIsTainted = true
                forgetPackets(now, &turn)
            case .empty:
                endSynchronising(now, &numbers, &turn)
                return turn
            case .gone(let code):
                turn.gone = code
                return turn
            }
        }
        turn.hasMore = true
        return turn
    }

    /// The device is gone: everything open ends, cancelled.
    func cancelAll(now: Int64) -> [InputEvent] { events(decoder.cancelAll(), at: now) }

    // MARK: - Frames

    private func take(_ event: RawEvent, _ now: Int64, _ numbers: inout ContactNumbers, _ turn: inout Turn) {
        if event.type == Code.synchronise, event.code == Code.report {
            finishFrame(now, &numbers, &turn)
            return
        }
        frame.append(event)
        // No driver sends this much in one frame; decoded as it stands, and as nothing that could be a press.
        if frame.count >= InputLimits.eventsPerFrame {
            frameIsTainted = true
            finishFrame(now, &numbers, &turn)
        }
    }

    private func finishFrame(_ now: Int64, _ numbers: inout ContactNumbers, _ turn: inout Turn) {
        guard !frame.isEmpty else { return }
        let edges = decoder.frame(
            converter?.convert(frame) ?? frame, synthesised: frameIsTainted, numbers: &numbers)
        silence?.take(frame)
        silence?.finishFrame(now: now, edges: edges, hasOpenContacts: decoder.hasOpenContacts)
        turn.events += events(edges, at: frameTime)
        frame.removeAll(keepingCapacity: true)
        frameIsTainted = isSynchronising
    }

    /// libevdev closes a synchronisation with SYN_REPORT; what is left without one is still part of it.
    private func endSynchronising(_ now: Int64, _ numbers: inout ContactNumbers, _ turn: inout Turn) {
        guard isSynchronising else { return }
        isSynchronising = false
        finishFrame(now, &numbers, &turn)
        // Without slots nothing was compared: whoever is in the next packet may have been there all along.
        frameIsTainted = converter != nil
    }

    /// Protocol A after a loss: libevdev cannot compare contacts without slots, and mtdev would match new fingers with
    /// those of before. All end, cancelled; the next packet brings who is really there.
    private func forgetPackets(_ now: Int64, _ turn: inout Turn) {
        guard converter != nil else { return }
        converter = MtdevConverter(capabilities)
        turn.events += events(decoder.cancelContacts(), at: now)
    }

    // MARK: - Lift by silence

    /// When to call `liftIfSilent`, microseconds; nil when nothing is waited for.
    var deadline: Int64? { silence?.deadline }

    func liftIfSilent(now: Int64) -> [InputEvent] {
        guard let deadline, now >= deadline else { return [] }
        silence?.lifted()
        converter = MtdevConverter(capabilities)
        return events(decoder.cancelContacts(), at: now).map { event in
            guard case .up(let contact, let x, let y, _) = event.kind else { return event }
            var lift = event
            lift.kind = .up(contact: contact, x: x, y: y, cancelled: false)
            return lift
        }
    }

    private func events(_ edges: [DecodedEdge], at time: Int64) -> [InputEvent] {
        edges.map { edge in
            let kind: InputEvent.Kind =
                switch edge.kind {
                case .down(let contact, let point): .down(contact: contact, x: point.x, y: point.y)
                case .move(let contact, let point): .move(contact: contact, x: point.x, y: point.y)
                case .up(let contact, let point, let cancelled):
                    .up(contact: contact, x: point.x, y: point.y, cancelled: cancelled)
                case .key(let code, let pressed):
                    .key(code: Int(code), name: Code.keyName(code), pressed: pressed)
                }
            return InputEvent(device: description.id, time: time, kind: kind, synthesised: edge.synthesised)
        }
    }
}
