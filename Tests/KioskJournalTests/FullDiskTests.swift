import FoundationEssentials
import GRDB
import Glibc
import Ledger
import Ratings
import Testing

@testable import KioskJournal

/// A small file system in memory, unmounted at the end; nothing where mounting is not permitted.
final class SmallDisk {
    let path: String

    init?(bytes: Int) {
        var template = Array("/tmp/otsenka-disk-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes),mode=700") == 0 else {
            rmdir(path)
            return nil
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    static let isPermitted = SmallDisk(bytes: 1 << 20) != nil

    /// Another program's file that takes everything but `bytes`.
    func fill(leaving bytes: Int64) throws {
        let files = JournalFiles(directory: path)
        let descriptor = open(path + "/stranger", O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        let size = (files.size(of: path + "/stranger") ?? 0) + (try files.availableBytes()) - bytes
        guard posix_fallocate(descriptor, 0, off_t(size)) == 0 else { throw files.failure("fill", path) }
    }

    func makeRoom() { unlink(path + "/stranger") }
}

@Suite(.enabled(if: SmallDisk.isPermitted, "mounting a tmpfs needs root"), .serialized)
struct FullDiskTests {
    private func fixture(on disk: SmallDisk) throws -> Fixture {
        var limits = JournalLimits()
        limits.ballastBytes = 2 << 20
        limits.reserveBytes = 256 << 10
        return try Fixture(limits: limits, under: disk.path)
    }

    /// A stranger takes the last byte in the middle of the day: the record that meets it is refused, the program ends and
    /// starts again as the shell does, says that it is full, and goes on as soon as there is room.
    @Test func aFullDiskRefusesOpenlyAndStoringResumesWhenThereIsRoom() throws {
        let disk = try #require(SmallDisk(bytes: 6 << 20))
        let fixture = try fixture(on: disk)
        var journal = try fixture.enrolled()
        try fixture.append(50, to: journal)
        try disk.fill(leaving: 0)
        var stored = 50
        for _ in 0..<200 {
            do throws(JournalError) {
                _ = try journal.append(.answer(Fixture.answer(0)), at: fixture.stamp())
                stored += 1
            } catch {
                #expect(error == .full(path: fixture.files.store))
                guard journal.facts.capacity.level != .full else { break }
                try journal.close()
                journal = try fixture.openOrQuarantine()
                #expect(journal.setAside == nil)
                #expect(journal.head?.sequence == Int64(stored))
            }
        }
        #expect(throws: JournalError.full(path: fixture.files.store)) { try fixture.append(1, to: journal) }
        disk.makeRoom()
        try fixture.append(10, to: journal)
        #expect(try journal.capacity().level < .full)
        #expect(try journal.verify() == .intact(records: Int64(stored + 10), head: try #require(journal.head)))
    }

    @Test func aDiskFilledByTheJournalItselfLosesNothingThatWasThanked() throws {
        let disk = try #require(SmallDisk(bytes: 5 << 20))
        let fixture = try fixture(on: disk)
        let journal = try fixture.enrolled()
        var thanked: Int64 = 0
        let error = try #require(throws: JournalError.self) {
            while true { thanked = try journal.append(.answer(Fixture.answer(0)), at: fixture.stamp()).sequence }
        }
        #expect(error == .full(path: fixture.files.store))
        #expect(thanked > 500)
        let capacity = try journal.capacity()
        #expect(capacity.ballastBytes >= 1 << 20)
        try journal.close()
        let again = try fixture.openOrQuarantine()
        #expect(again.setAside == nil)
        #expect(again.head?.sequence == thanked)
        #expect(throws: JournalError.full(path: fixture.files.store)) { try fixture.append(1, to: again) }
        #expect(try again.batch()?.lines.count == 500)
    }

    @Test func aJournalOpensOnADiskWithoutAnyRoomAndCompactionMakesRoom() throws {
        let disk = try #require(SmallDisk(bytes: 8 << 20))
        let fixture = try fixture(on: disk)
        let journal = try fixture.enrolled()
        try fixture.append(4000, to: journal)
        try fixture.deliver(journal, time: 1_800_000_000)
        try fixture.append(5, to: journal)
        try fixture.deliver(journal, time: 1_800_000_000 + 91 * 86_400)
        try journal.close()
        try disk.fill(leaving: 0)
        let ballast = try #require(fixture.files.size(of: fixture.files.ballast))
        #expect(ballast == 2 << 20)

        let full = try fixture.openOrQuarantine()
        #expect(full.setAside == nil)
        #expect(full.boot == 2)
        // The ballast was given back for the first write; what is left of it keeps the reserve free.
        #expect(full.facts.capacity.ballastBytes < ballast)
        var deleted = 0
        while true {
            let count = try full.compact()
            if count == 0 { break }
            deleted += count
        }
        #expect(deleted == 4000)
        try fixture.append(20, to: full)
        #expect(try full.verify() == .intact(records: 25, head: try #require(full.head)))
    }

    /// `reliability.md` §1, fact 5: on a full disk DELETE itself fails; the ballast is what makes it work.
    @Test func compactionGivesTheBallastBackWhenDeletingFails() throws {
        let disk = try #require(SmallDisk(bytes: 9 << 20))
        let fixture = try fixture(on: disk)
        let journal = try fixture.enrolled()
        try fixture.append(6000, to: journal)
        try fixture.deliver(journal, time: 1_800_000_000)
        try fixture.append(5, to: journal)
        try fixture.deliver(journal, time: 1_800_000_000 + 91 * 86_400)
        try journal.access("fold the log in") { db in _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try disk.fill(leaving: 0)
        #expect(try journal.capacity().level == .full)
        #expect(throws: JournalError.full(path: fixture.files.store)) { try fixture.append(1, to: journal) }
        var deleted = 0
        while true {
            let count = try journal.compact()
            if count == 0 { break }
            deleted += count
        }
        #expect(deleted == 6000)
        #expect(fixture.files.size(of: fixture.files.writeAheadLog) ?? 0 < 4 << 20)
        try fixture.append(100, to: journal)
        #expect(try journal.verify() == .intact(records: 105, head: try #require(journal.head)))
    }
}
