import Collecting
import CollectorSQLite
import CollectorWeb
import Foundation
import Glibc
import RealPrograms
import Synchronization
import Torture

/// What the collector has of the hall.
extension Hall {
    /// What its list of kiosks says of ours.
    public func listed() throws -> KioskLine {
        let printed = try Child.output(
            [region.program, "kiosk", "list", "--dir", region.folder, "--json"], log: region.folder + ".list")
        guard
            let line = try JSONDecoder().decode([KioskLine].self, from: printed).first(where: {
                $0.kiosk == Self.kioskName
            })
        else { throw ChildError("the collector lists no kiosk \(Self.kioskName)") }
        return line
    }

    /// Ratings that the collector counts, by its own report.
    public func counted() throws -> Int {
        struct Row: Decodable { var n: Int? }
        let printed = try Child.output(
            [
                region.program, "report", "ratings", "--dir", region.folder, "--by", "office", "--minimum", "1",
                "--json",
            ], log: region.folder + ".report")
        return try JSONDecoder().decode([Row].self, from: printed).reduce(0) { $0 + ($1.n ?? 0) }
    }

    /// Waits until all that the kiosk signed is stored there. A kiosk that was offline asks again after five minutes at most.
    public func drain(withinSeconds seconds: Double = 3600) throws {
        let began = ContinuousClock.now
        var (last, heard) = ("", try listed().lastHeartbeat)
        while began.duration(to: .now) < .seconds(seconds) {
            let line = try listed()
            last =
                "\(line.stored) of \(line.claimed) records are stored, the last heartbeat was at "
                + (line.lastHeartbeat ?? "no time")
            // Only a heartbeat from now on tells of the newest record.
            if line.lastHeartbeat != heard, line.unsent == 0, line.stored == line.claimed { return }
            if line.lastHeartbeat == nil { heard = nil }
            usleep(500_000)
        }
        throw ChildError("the kiosk's records did not all come within \(Int(seconds)) s: \(last)")
    }

    /// After a drain: the collector's store holds every thanked mark once and in order, and nothing that nobody gave.
    public func compare() throws -> String? {
        // The store has one program at a time.
        region.stop()
        let complaint = Result { () throws -> String? in
            let store = try SQLiteCollectorStore(folder: region.folder, create: false)
            defer { try? store.close() }
            return Said.complaint(over: said, stored: try StoredMarks(of: Self.kioskName, in: store).read())
        }
        try region.start()
        return try complaint.get()
    }

    /// Drains and compares; with `all`, the report counts exactly as many as were thanked.
    public func expectReport(of all: Int? = nil) throws {
        try drain()
        if let complaint = try compare() { throw ChildError(complaint) }
        guard let all else { return }
        let found = try counted()
        guard found == all else { throw ChildError("the report has \(found) ratings, and \(all) were thanked") }
    }
}

/// The marks of a kiosk's visits in a collector's store, in their order.
private struct StoredMarks: Sendable {
    let kiosk: String
    let store: SQLiteCollectorStore

    init(of kiosk: String, in store: SQLiteCollectorStore) {
        self.kiosk = kiosk
        self.store = store
    }

    /// For a thread that may wait.
    func read() throws -> [Int] {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Result<[Int], any Error>>(.success([]))
        Task.detached {
            let marks: Result<[Int], any Error>
            do { marks = .success(try await all()) } catch { marks = .failure(error) }
            result.withLock { $0 = marks }
            done.signal()
        }
        done.wait()
        return try result.withLock { $0 }.get()
    }

    private func all() async throws -> [Int] {
        try await store.read { snapshot in
            try snapshot.epochs().filter { $0.kiosk.rawValue == kiosk }.sorted { $0.epoch < $1.epoch }
                .flatMap { try snapshot.sessions(of: $0.chain).sorted { $0.shownSequence < $1.shownSequence } }
                .filter { $0.outcome != .refused }.compactMap(\.overall)
        }
    }
}
