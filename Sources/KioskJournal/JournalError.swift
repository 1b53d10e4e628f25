import GRDB
import Ledger

/// Why the journal did not do what was asked: the thing, the cause, the next step, in one line.
public enum JournalError: Error, Equatable {
    /// Another program has the journal open. `holder` is its process id when it is one of ours.
    case alreadyOpen(path: String, holder: Int32?)
    /// A setting on which durability rests is not what it must be.
    case wrongPragma(path: String, name: String, expected: String, found: String)
    /// The file is not what this program wrote.
    case damaged(path: String, reason: String)
    /// Written by a newer release, which knows more than this one.
    case newerFormat(path: String)
    /// There is no room; nothing was stored.
    case full(path: String)
    /// The operating system or SQLite failed; `code` is the C name.
    case io(path: String, operation: String, code: String)
    /// The journal key cannot be used.
    case key(path: String, reason: String)
    /// Records need a kiosk id and an epoch, which enrolment gives.
    case notEnrolled
    /// An enrolment must open an epoch above every one that the journal holds.
    case staleEpoch(asked: Int, newest: Int)
    /// The record is longer than a line may be; nothing was stored.
    case lineTooLong(bytes: Int)
    /// A text of the record is not encodable; nothing was stored.
    case unencodable(reason: String)
    /// The journal does not keep this record: never written, or compacted away.
    case noSuchRecord(epoch: Int, sequence: Int64)
    /// A note that is no receipt for this journal's records; nothing was changed.
    case receipt(ReceiptRefusal)
    /// The note of a technician's visit that is not to be opened; nothing was changed.
    case maintenance(MaintenanceRefusal)
    /// An earlier failure left the store in doubt: it must be opened again before it is used.
    case poisoned(cause: String)
    /// Too many requests wait for the store.
    case overloaded(limit: Int)
}

extension JournalError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .alreadyOpen(let path, let holder):
            "journal \(path) is open in another program\(holder.map { " (process \($0))" } ?? "") (SQLITE_BUSY); "
                + "stop that program, or ask it through its socket"
        case .wrongPragma(let path, let name, let expected, let found):
            "journal \(path): PRAGMA \(name) is \(found) and must be \(expected), or records could be lost; "
                + "use this program's own SQLite settings and a local file system"
        case .damaged(let path, let reason):
            "journal \(path) is damaged: \(reason); keep the file, it is set aside at the next start"
        case .newerFormat(let path):
            "journal \(path) was written by a newer release; install that release again"
        case .full(let path):
            "journal \(path): the disk is full (SQLITE_FULL); nothing was stored; connect the kiosk to its collector, "
                + "or free space on the partition"
        case .io(let path, let operation, let code):
            "journal \(path): cannot \(operation) (\(code)); check the disk, then start again"
        case .key(let path, let reason):
            "journal key \(path): \(reason)"
        case .notEnrolled:
            "the kiosk is not enrolled; run otsenka-kiosk enrol with a code from the collector"
        case .staleEpoch(let asked, let newest):
            "the collector opened epoch \(asked), but the journal already holds epoch \(newest); enrol again with a "
                + "new code"
        case .lineTooLong(let bytes): "the record has \(bytes) bytes, more than a line may have; shorten its texts"
        case .unencodable(let reason): "the record cannot be written as JSON: \(reason)"
        case .noSuchRecord(let epoch, let sequence):
            "the journal does not hold record \(sequence) of epoch \(epoch); ask from the first one it keeps"
        case .receipt(let refusal): "this is no receipt for our records: \(refusal)"
        case .maintenance(let refusal): "\(refusal)"
        case .poisoned(let cause): "the journal must be opened again after a failure: \(cause)"
        case .overloaded(let limit): "\(limit) requests already wait for the journal; ask again later"
        }
    }

    /// The exit status with which a program ends on this error (Contract, sysexits).
    public var exitStatus: Int32 {
        switch self {
        case .wrongPragma, .newerFormat, .key: 78
        case .damaged, .receipt, .maintenance, .lineTooLong, .unencodable, .noSuchRecord, .staleEpoch: 65
        case .notEnrolled: 69
        case .alreadyOpen, .full, .io, .poisoned, .overloaded: 75
        }
    }
}

extension JournalError {
    /// What an error of SQLite means for a journal.
    init(_ error: any Error, path: String, operation: String) {
        switch error {
        case let error as JournalError: self = error
        case let error as ChainError: self = .damaged(path: path, reason: error.description)
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED: self = .alreadyOpen(path: path, holder: nil)
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT:
                self = .damaged(path: path, reason: "\(error.message ?? "") (\(Self.name(of: error)))")
            case .SQLITE_FULL: self = .full(path: path)
            default: self = .io(path: path, operation: operation, code: Self.name(of: error))
            }
        default: self = .damaged(path: path, reason: "\(error)")
        }
    }

    /// SQLite's own name of the extended result code, for those that a disk can cause.
    private static func name(of error: DatabaseError) -> String {
        let names: [Int32: String] = [
            11: "SQLITE_CORRUPT", 19: "SQLITE_CONSTRAINT", 20: "SQLITE_MISMATCH", 26: "SQLITE_NOTADB",
            13: "SQLITE_FULL", 14: "SQLITE_CANTOPEN", 8: "SQLITE_READONLY",
            1: "SQLITE_ERROR", 7: "SQLITE_NOMEM", 10: "SQLITE_IOERR", 266: "SQLITE_IOERR_READ",
            522: "SQLITE_IOERR_SHORT_READ", 778: "SQLITE_IOERR_WRITE", 1034: "SQLITE_IOERR_FSYNC",
            1290: "SQLITE_IOERR_DIR_FSYNC", 1546: "SQLITE_IOERR_TRUNCATE", 1802: "SQLITE_IOERR_FSTAT",
            3082: "SQLITE_IOERR_NOMEM", 3850: "SQLITE_IOERR_LOCK", 4106: "SQLITE_IOERR_CLOSE",
            4874: "SQLITE_IOERR_SHMSIZE", 8458: "SQLITE_IOERR_CORRUPTFS",
        ]
        let code = error.extendedResultCode.rawValue
        return names[code] ?? names[code & 0xFF].map { "\($0), extended \(code)" } ?? "SQLite \(code)"
    }
}
