import BatchFiles
import FoundationEssentials
import Gzip
import Ledger
import Testing
import Torture
import TortureUplink
import Wire

@testable import Collecting

/// Importers that are wrong on purpose: the torture must see through them.
@Suite(.serialized) struct CredulousTests {
    @Test func anImporterThatDoesNotCheckTheChainIsCaught() async throws {
        let row = try await violations(of: .believing)
        #expect(row.violations > 0)
        #expect(row.details.contains { $0.contains("altered") || $0.contains("verify") }, "\(row.details)")
    }

    @Test func anImporterThatTakesAFileForARequestOfThisMomentIsCaught() async throws {
        let row = try await violations(of: .forgettingThatItWasCarried)
        #expect(row.violations > 0)
        #expect(row.details.contains { $0.contains("was placed at") || $0.contains("set back") }, "\(row.details)")
    }

    private func violations(of importer: BatchImporter) async throws -> Tried {
        let place = try Folder.place()
        defer { place.remove() }
        return try await OfflineHalls.run(Trial(seed: 22, tries: 6, place: place), importer: importer)
    }
}

extension BatchImporter {
    /// Believes what the file says of itself: no signature, no digest, no chain.
    fileprivate static let believing = BatchImporter { collector, data, now in
        let file = try BatchFile(parsing: data)
        guard let row = try await collector.store.read({ try $0.epoch(file.kiosk, file.epoch) }) else {
            throw Collector.unknown(file.kiosk)
        }
        let body = try Gzip.decompress(file.body, atMost: WireLimits.bytesPerBatch)
        let lines = body.split(separator: UInt8(ascii: "\n")).map { Data($0) }
        guard lines.count == Int(file.last - file.first + 1) else {
            throw Refusal(error: .malformed, message: "another number of lines")
        }
        let items = lines.compactMap { CheckedBatch.Item(line: $0, kiosk: file.kiosk, epoch: file.epoch) }
        let checkpoint = try collector.note(in: "checkpoint", of: file.head, keys: row.keys)
        guard checkpoint.head.sequence == file.last, let clock = file.fields["otsenka-clock"],
            let clock = KioskClock(field: clock), items.count == lines.count,
            let previous = ChainHash(base64: items[0].link.previous)
        else { throw Refusal(error: .malformed, message: "another checkpoint") }
        let moment = RequestMoment(created: 0, clock: clock, isCarried: true)
        let batch = CheckedBatch(
            first: file.first, lines: lines, items: items, previous: previous, checkpoint: checkpoint, head: checkpoint,
            receipt: nil, moment: moment, keys: row.keys)
        let permit = UploadPermit(
            kiosk: file.kiosk, epoch: file.epoch, first: file.first, last: file.last, head: file.head, moment: moment,
            keys: row, succession: nil)
        let outcome = try await collector.store.write { transaction in
            try collector.take(batch, permit: permit, now: now, in: transaction)
        }
        switch outcome {
        case .refused(let refusal): throw refusal
        case .taken(let new):
            var receipt = checkpoint
            try receipt.cosign(as: collector.identity.name, with: collector.identity.key, time: UInt64(now / 1000))
            return ImportedBatch(receipt: receipt.serialized, new: new)
        }
    }

    /// Checks everything, but lets the file's moment speak as if the kiosk were calling now.
    fileprivate static let forgettingThatItWasCarried = BatchImporter { collector, data, now in
        let file = try BatchFile(parsing: data)
        let carried = try await collector.authorizeImport(file)
        var moment = carried.moment
        moment.isCarried = false
        let permit = UploadPermit(
            kiosk: carried.kiosk, epoch: carried.epoch, first: carried.first, last: carried.last, head: carried.head,
            moment: moment, keys: carried.keys, succession: nil)
        let (answer, new) = try await collector.settle(permit, body: file.body, now: now) {
            try Gzip.decompress($0, atMost: WireLimits.bytesPerBatch)
        }
        return ImportedBatch(receipt: answer.receipt, new: new)
    }
}
