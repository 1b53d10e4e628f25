import BatchFiles
import FoundationEssentials
import Wire

/// What became of a batch file.
public struct ImportedBatch: Equatable, Sendable {
    /// The receipt, as the text of the note.
    public var receipt: String
    /// Records that were not there before; 0 for a file that was imported already.
    public var new: Int64
}

extension Collector {
    /// Takes a batch that came as a file: the same decision and the same transaction as an upload, under the journal key's
    /// signature. A file is old whenever it is read, so it can neither close an epoch as set back nor count as contact,
    /// and its records are placed in time no better than the last contact and this moment allow.
    ///
    /// Throws `Refusal`, or `StoreError` when the store failed: then nothing was stored and the file is imported again.
    public func take(
        _ file: BatchFile, now: Int64, inflate: (Data) throws -> Data
    ) async throws -> ImportedBatch {
        let permit = try await authorizeImport(file)
        let (answer, new) = try await settle(permit, body: file.body, now: now, inflate: inflate)
        return ImportedBatch(receipt: answer.receipt, new: new)
    }
}
