import Collecting
import Ledger
import Ratings
import Reporting

/// What staff asks of a collector, over the admin socket or directly when nothing runs.
///
/// Errors are `CollectorFailure` for what was asked wrongly and `StoreError` for the store.
public struct Staff: Sendable {
    let collector: Collector
    let folder: DataFolder
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64
    let desk = BackupDesk()
    let keyDesk = KeyDesk()
    /// Shows a server's clients the certificates of a folder whose authority has changed.
    let showCertificates: @Sendable (DataFolder) throws -> Void

    public init(
        collector: Collector, folder: DataFolder, now: @escaping @Sendable () -> Int64,
        showCertificates: @escaping @Sendable (DataFolder) throws -> Void = { _ in }
    ) {
        self.collector = collector
        self.folder = folder
        self.now = now
        self.showCertificates = showCertificates
    }

    /// Adds a kiosk and makes its code.
    public func add(_ new: NewKiosk) async throws -> EnrolmentTicket {
        let id = try new.id.map(Self.id)
        let office = PlaceID.place(named: new.office, among: try await collector.offices())
        let none = Place(id: ReportRow.nameless, name: ReportRow.nameless)
        let services = try await collector.services()
        let service = new.service.map { PlaceID.place(named: $0, among: services) } ?? none
        do {
            let issued = try await collector.addKiosk(
                id, office: office, service: service, window: new.window ?? "", now: now())
            return try ticket(issued, office: office.name, address: new.address)
        } catch let error as CollectorError {
            throw CollectorFailure(error.code == .badName ? .usage : .data, error.message)
        }
    }

    /// Makes a code with which a known kiosk is enrolled again, on this or on another machine; its keys until then are
    /// trusted no longer.
    public func replace(_ kiosk: String, address: String?) async throws -> EnrolmentTicket {
        let id = try Self.id(kiosk)
        do {
            let issued = try await collector.replaceKiosk(id, now: now())
            let place = try await collector.kiosks().first { $0.id == id }?.place.office ?? ""
            return try ticket(issued, office: Names(try await collector.offices())[place] ?? place, address: address)
        } catch let error as CollectorError {
            throw CollectorFailure(.data, error.message)
        }
    }

    /// Trusts a kiosk's keys no longer.
    public func revoke(_ kiosk: String, reason: String) async throws {
        do {
            try await collector.revokeKiosk(try Self.id(kiosk), reason: reason, now: now())
        } catch let error as CollectorError {
            throw CollectorFailure(error.code == .badName ? .usage : .data, error.message)
        }
    }

    /// Allows a technician to visit a kiosk, from now on.
    public func visit(_ kiosk: String, _ order: MaintenanceOrder) async throws -> VisitTicket {
        do {
            let note = try await collector.visit(try Self.id(kiosk), order, now: now())
            return VisitTicket(
                kiosk: note.kiosk, technician: note.technician, until: CivilTime(seconds: note.until).rfc3339,
                verbs: note.permissions.map(\.rawValue), note: note.serialized)
        } catch let error as CollectorError {
            throw CollectorFailure(error.code == .badName ? .usage : .data, error.message)
        }
    }

    private static func id(_ text: String) throws -> KioskID {
        guard let id = KioskID(rawValue: text) else {
            throw CollectorFailure(
                .usage, "\(text) cannot be a kiosk's id; use 1 to 64 of a–z, 0–9, - and ., such as central-1")
        }
        return id
    }

    private func ticket(_ issued: IssuedCode, office: String, address: String?) throws -> EnrolmentTicket {
        let address = address ?? folder.lastAddress() ?? "https://\(folder.settings.hosts[0]):\(Listener.defaultPort)"
        let pin = address.hasPrefix("http://") ? nil : try folder.pin()
        let code = issued.code.grouped
        return EnrolmentTicket(
            kiosk: issued.kiosk.rawValue, office: office, code: code,
            expires: CivilTime(seconds: issued.expires / 1000).rfc3339, collector: address, pin: pin,
            enrol: "otsenka-kiosk enrol --collector \(address)"
                + (pin.map { " --pin '\($0)'" } ?? " --allow-plain-loopback") + " --code \(code)")
    }

    /// Every kiosk, by id.
    public func kiosks() async throws -> [KioskLine] {
        let offices = Names(try await collector.offices())
        let services = Names(try await collector.services())
        return try await collector.kiosks().map { kiosk in
            KioskLine(
                kiosk: kiosk.id.rawValue, office: offices[kiosk.place.office] ?? kiosk.place.office,
                service: services[kiosk.place.service], window: kiosk.place.window.isEmpty ? nil : kiosk.place.window,
                state: kiosk.state.rawValue, epoch: kiosk.epoch, stored: kiosk.storedSequence,
                claimed: kiosk.claimedSequence, lastRecord: kiosk.lastRecord.map(Self.time),
                lastHeartbeat: kiosk.heartbeat.map { Self.time($0.received) }, unsent: kiosk.heartbeat?.unsent,
                marks: kiosk.heartbeat?.marks ?? [], program: kiosk.heartbeat?.program)
        }
    }

    /// The rows of `report ratings`. Without a directory nobody says which territory, direction or provider a rating
    /// belongs to, so those groupings put all ratings under `(none)`.
    public func report(_ question: ReportQuestion) async throws -> [ReportRow] {
        let dimension: TallyDimension? =
            switch question.by {
            case .office: .office
            case .service: .service
            case .window: .window
            case .month: .month
            case .territory, .direction, .provider: nil
            }
        let from = try question.from.map { try Day.start(of: $0) }
        let to = try question.to.map { try Day.start(of: $0) + Day.milliseconds }
        let tallies = try await collector.tallies(
            TallyQuery(by: dimension.map { [$0] } ?? [], from: from, to: to))
        let places = Names(
            dimension == .office
                ? try await collector.offices() : dimension == .service ? try await collector.services() : [])
        return tallies.filter { $0.ratings > 0 }.map { tally in
            let key = tally.keys.first.flatMap { key in
                places[key] ?? (key.isEmpty || key == ReportRow.nameless ? nil : key)
            }
            return ReportRow(
                key: key, marks: Counts(tally).marks, suppression: Suppression(minimum: question.minimum))
        }.sorted { $0.key < $1.key }
    }

    /// Walks every chain, receipt and derived row of the store, and compares it with its own lists of heads.
    public func verify() async -> Verdict { Verdict(await collector.verify()) }

    /// Compares it with published lists of heads, too: the texts of their notes. Throws `CollectorFailure` for one that
    /// is none.
    public func verify(against heads: [String]) async throws(CollectorFailure) -> Verdict {
        Verdict(await collector.verify(against: try heads.map(SignedHeads.init(file:))))
    }

    /// The list of heads of a day, or the newest one; `make` makes one now. Nothing where there is none.
    public func heads(day: String?, make: Bool) async throws -> PublishedHeads? {
        if make {
            let time = now()
            try await collector.makeHeads(day: DailyHeads.day(time), now: time)
        }
        if let day { _ = try Day.start(of: day) }
        return try await collector.heads(day: day).map { PublishedHeads($0) }
    }

    /// The part of an export at `cursor`.
    public func export(at cursor: ExportCursor?) async throws -> ExportPiece {
        try await collector.exportPiece(at: cursor, now: now())
    }

    /// The appendix of reports.
    public func integrity() async throws -> [IntegrityRow] { try await collector.integrity() }

    /// Keeps the cosignature of a witness that came as a file. Throws `CollectorFailure` if it is none.
    public func keep(_ cosigned: CosignedHeads) async throws {
        do {
            try await collector.keepCosignature(in: cosigned.note, of: cosigned.witness, key: cosigned.key)
        } catch let error as NoteError {
            throw CollectorFailure(
                .data, "this is no cosignature of \(cosigned.witness) under a list of this collector (\(error))")
        }
    }

    /// The newest events first.
    public func events(limit: Int) async throws -> [EventLine] {
        try await collector.events(limit: limit).map { event in
            EventLine(
                time: Self.time(event.time), kind: event.kind.rawValue, kiosk: event.kiosk?.rawValue,
                epoch: event.epoch == 0 ? nil : event.epoch, message: event.message)
        }
    }

    /// RFC 3339 of milliseconds since 1970.
    public static func time(_ milliseconds: Int64) -> String { CivilTime(seconds: milliseconds / 1000).rfc3339 }
}

/// What places are called, by id.
struct Names {
    private let names: [String: String]

    init(_ places: [Place]) {
        names = Dictionary(places.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    /// Nothing for an id that stands for “not stated” or that nobody has named.
    subscript(id: String) -> String? { id == ReportRow.nameless ? nil : names[id] }
}

extension Counts {
    /// The counts as the store gives them, as reports want them.
    init(_ tally: Tally) {
        var marks = Marks()
        for (mark, times) in tally.marks { marks.add(mark, times: times) }
        let outcomes = tally.outcomes
        self.init(
            marks: marks,
            dialogs: Dialogs(
                shown: tally.shown, answered: outcomes[.answered] ?? 0, timeout: outcomes[.timeout] ?? 0,
                cancelled: outcomes[.cancelled] ?? 0, interrupted: outcomes[.interrupted] ?? 0,
                refused: outcomes[.refused] ?? 0))
    }
}
