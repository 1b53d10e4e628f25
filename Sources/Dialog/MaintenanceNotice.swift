/// What the screen says during a technician's visit.
public enum MaintenanceNotice: Equatable, Sendable {
    /// Open. With `wantsStick` a stick may be plugged in.
    case open(wantsStick: Bool)
    /// Something is being done; a stick must stay where it is.
    case working
    /// All is done that could be, in this order; a stick may be pulled out. `trouble` is a code of the technician's guide.
    case done([MaintenanceDeed], trouble: Int?)
    /// The machine is about to start again.
    case restarting
}

/// Something that was done in a technician's visit.
public enum MaintenanceDeed: Equatable, Sendable, CaseIterable {
    case clockSet, networkSet, receiptsTaken, updateInstalled, exported
}
