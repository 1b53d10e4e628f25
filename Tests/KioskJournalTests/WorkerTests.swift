import Dispatch
import FoundationEssentials
import Ledger
import Ratings
import Synchronization
import Testing

@testable import KioskJournal

@Suite struct WorkerTests {
    @Test func requestsAreCarriedOutInOrder() async throws {
        let fixture = try Fixture()
        try fixture.enrolled().close()
        let worker = try worker(fixture)
        var sequences: [Int64] = []
        for index in 0..<20 {
            let stamp = fixture.stamp()
            let record = try await withCheckedContinuation { continuation in
                worker.append(.answer(Fixture.answer(index)), at: stamp) { continuation.resume(returning: $0) }
            }.get()
            sequences.append(record.sequence)
        }
        #expect(sequences == Array(1...20))
        let batch = try await withCheckedContinuation { continuation in
            worker.batch(maximumRecords: 5) { continuation.resume(returning: $0) }
        }.get()
        #expect(batch?.last == 5)
        let facts = try await withCheckedContinuation { continuation in
            worker.facts { continuation.resume(returning: $0) }
        }.get()
        #expect(facts.unsent == 20 && facts.boot == 2 && facts.capacity.level == .normal)
        let refused = await withCheckedContinuation { continuation in
            worker.accept(receipt: "no") { continuation.resume(returning: $0) }
        }
        #expect(refused == .failure(.receipt(.note(.malformed))))
        try worker.close()
    }

    @Test func recordsAreStoredWhileTheChainIsWalked() async throws {
        let fixture = try Fixture()
        fixture.limits.recordsPerStep = 1
        let journal = try fixture.enrolled()
        try fixture.append(100, to: journal)
        try journal.close()
        let worker = try worker(fixture)
        let events = Mutex<[String]>([])
        let stamp = fixture.stamp()
        let found = await withCheckedContinuation { continuation in
            // Held up until both requests stand in the queue.
            let gate = DispatchSemaphore(value: 0)
            worker.perform({ _ in gate.wait() }, completion: { _ in })
            worker.verify { result in
                events.withLock { $0.append("walked") }
                continuation.resume(returning: result)
            }
            worker.append(.answer(Fixture.answer(0)), at: stamp) { _ in events.withLock { $0.append("stored") } }
            gate.signal()
        }
        #expect(events.withLock { $0 } == ["stored", "walked"])
        guard case .intact(records: 101, _)? = try found.get() else {
            Issue.record("\(found)")
            return
        }
        try worker.close()
    }

    @Test func tooManyRequestsAreRefusedAtOnce() async throws {
        let fixture = try Fixture()
        try fixture.enrolled().close()
        let worker = try worker(fixture)
        let results = Mutex<[String]>([])
        await withCheckedContinuation { continuation in
            let gate = DispatchSemaphore(value: 0)
            let started = DispatchSemaphore(value: 0)
            worker.perform(
                { _ in
                    started.signal()
                    gate.wait()
                }, completion: { _ in })
            started.wait()
            for _ in 0..<JournalWorker.maximumPending {
                worker.perform({ _ in }, completion: { _ in results.withLock { $0.append("done") } })
            }
            worker.perform({ _ in }) { result in
                if case .failure(.overloaded) = result { results.withLock { $0.append("overloaded") } }
            }
            gate.signal()
            worker.flush { continuation.resume() }
        }
        #expect(results.withLock { $0.first } == "overloaded")
        #expect(results.withLock { $0.count } == JournalWorker.maximumPending + 1)
        try worker.close()
    }

    @Test func afterItsEndNothingIsStored() async throws {
        let fixture = try Fixture()
        try fixture.enrolled().close()
        let worker = try worker(fixture)
        try worker.close()
        try worker.close()
        let stamp = fixture.stamp()
        let result = await withCheckedContinuation { continuation in
            worker.append(.answer(Fixture.answer(0)), at: stamp) { continuation.resume(returning: $0) }
        }
        #expect(result == .failure(.poisoned(cause: "it was closed")))
        #expect(try fixture.open().head?.sequence == 0)
    }

    @Test func anOpeningThatFailsIsThrown() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        #expect(throws: JournalError.self) { try worker(fixture) }
        try journal.close()
    }

    private func worker(_ fixture: Fixture) throws(JournalError) -> JournalWorker {
        let directory = fixture.directory
        let limits = fixture.limits
        return try JournalWorker { () throws(JournalError) in try Journal.open(directory: directory, limits: limits) }
    }
}

extension JournalWorker {
    /// Calls back when everything asked before is done, however full the queue is: tries until there is room.
    fileprivate func flush(_ completion: @escaping @Sendable () -> Void) {
        perform({ _ in }) { [self] result in
            if case .failure(.overloaded) = result {
                DispatchQueue.global().async { self.flush(completion) }
            } else {
                completion()
            }
        }
    }
}
