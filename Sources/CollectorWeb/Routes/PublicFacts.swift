import Collecting
import Reporting

/// What the public routes show, read at most once in a while: many readers cost one reading.
actor PublicFacts {
    private let collector: Collector
    private let freshMilliseconds: Int64
    private let now: @Sendable () -> Int64
    private var last: (facts: PageFacts, at: Int64)?
    private var reading: Task<PageFacts, any Error>?
    private var lastIntegrity: (rows: [IntegrityRow], at: Int64)?
    private var readingIntegrity: Task<[IntegrityRow], any Error>?
    /// Counting every dialog of every kiosk takes long in a large region, and changes little in a minute.
    private static let integrityTimes: Int64 = 60

    init(collector: Collector, freshMilliseconds: Int64, now: @escaping @Sendable () -> Int64) {
        self.collector = collector
        self.freshMilliseconds = freshMilliseconds
        self.now = now
    }

    /// The facts, no older than the setting says. Throws `StoreError`.
    func read() async throws -> PageFacts {
        let time = now()
        if let last, time - last.at < freshMilliseconds, time >= last.at { return last.facts }
        if let reading { return try await reading.value }
        let task = Task { [collector] in try await Self.read(collector, at: time) }
        reading = task
        defer { reading = nil }
        let facts = try await task.value
        last = (facts, time)
        return facts
    }

    /// The appendix of reports, sixty times as old at the most.
    func integrity() async throws -> [IntegrityRow] {
        let time = now()
        if let lastIntegrity, (0..<freshMilliseconds * Self.integrityTimes).contains(time - lastIntegrity.at) {
            return lastIntegrity.rows
        }
        if let readingIntegrity { return try await readingIntegrity.value }
        let task = Task { [collector] in try await collector.integrity() }
        readingIntegrity = task
        defer { readingIntegrity = nil }
        let rows = try await task.value
        lastIntegrity = (rows, time)
        return rows
    }

    private static func read(_ collector: Collector, at time: Int64) async throws -> PageFacts {
        let offices = Names(try await collector.offices())
        let services = Names(try await collector.services())
        func service(_ id: String) -> String? {
            services[id] ?? (id.isEmpty || id == ReportRow.nameless ? nil : id)
        }
        let kiosks = try await collector.kiosks()
        let tallies = try await collector.tallies(TallyQuery(by: [.office, .service]))
        var places = tallies.map { (key: $0.keys, counts: Counts($0)) }
        for kiosk in kiosks where kiosk.state != .revoked {
            let key = [kiosk.place.office, kiosk.place.service]
            if !places.contains(where: { $0.key == key }) { places.append((key, Counts())) }
        }
        return PageFacts(
            collector: collector.identity.name, now: time / 1000,
            places: places.map {
                PageFacts.Place(office: offices[$0.key[0]] ?? $0.key[0], service: service($0.key[1]), counts: $0.counts)
            }.sorted { ($0.office ?? "", $0.service ?? "") < ($1.office ?? "", $1.service ?? "") },
            kiosks: kiosks.map { kiosk in
                PageFacts.Kiosk(
                    id: kiosk.id.rawValue, office: offices[kiosk.place.office] ?? kiosk.place.office,
                    service: service(kiosk.place.service),
                    window: kiosk.place.window.isEmpty ? nil : kiosk.place.window,
                    state: PageFacts.Kiosk.State(kiosk.state),
                    lastSeen: [kiosk.heartbeat?.received, kiosk.lastRecord].compactMap(\.self).max().map { $0 / 1000 },
                    unsent: kiosk.heartbeat?.unsent, marks: kiosk.heartbeat?.marks ?? [])
            })
    }
}

extension PageFacts.Kiosk.State {
    init(_ state: KioskStatus.State) {
        self =
            switch state {
            case .expected: .waiting
            case .active: .enrolled
            case .closed: .closed
            case .revoked: .revoked
            }
    }
}
