import BatchFiles
import Collecting
import FoundationEssentials
import Gzip
import Wire

extension Staff {
    /// Takes one batch file: the same decision as over an upload. Throws `StoreError` when the store failed.
    public func importBatch(_ data: Data) async throws -> BatchVerdict {
        let file: BatchFile
        do throws(BatchFileError) { file = try BatchFile(parsing: data) } catch {
            return BatchVerdict(refused: "\(error)")
        }
        var verdict: BatchVerdict
        do {
            let imported = try await collector.take(file, now: now(), inflate: Self.inflate)
            verdict = BatchVerdict(imported)
        } catch let refusal as Refusal {
            verdict = BatchVerdict(refusal)
        }
        verdict.kiosk = file.kiosk.rawValue
        verdict.epoch = file.epoch
        verdict.first = file.first
        verdict.last = file.last
        return verdict
    }

    private static func inflate(_ body: Data) throws -> Data {
        try Gzip.decompress(body, atMost: WireLimits.bytesPerBatch)
    }
}

extension BatchVerdict {
    fileprivate init(_ imported: ImportedBatch) {
        outcome = imported.new > 0 ? .taken : .repeated
        new = imported.new
        receipt = imported.receipt
    }

    fileprivate init(_ refusal: Refusal) {
        outcome =
            switch refusal.error {
            case .gap: .gap
            case .rewindCollector: .rewindCollector
            case .fork: .fork
            default: .refused
            }
        need = refusal.need
        error = refusal.error.rawValue
        message = refusal.message
    }
}
