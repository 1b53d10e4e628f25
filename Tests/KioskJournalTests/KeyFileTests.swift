import FoundationEssentials
import Glibc
import Ledger
import Testing

@testable import KioskJournal

@Suite struct KeyFileTests {
    @Test func theKeyIsMadeOnceAndStaysTheSame() throws {
        let fixture = try Fixture()
        let first = try fixture.open()
        let key = first.publicKey
        try first.close()
        #expect(fixture.files.size(of: fixture.files.key) == 32)
        #expect(try fixture.open().publicKey == key)
        let seed = try Data(contentsOfFile: fixture.files.key)
        #expect(try SigningKey(seed: seed).publicKey == key)
    }

    @Test func theKeyIsNotInTheStore() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(5, to: journal)
        try journal.close()
        let seed = try Data(contentsOfFile: fixture.files.key)
        for file in [fixture.files.store, fixture.files.writeAheadLog, fixture.files.enrolment] {
            let data = try Data(contentsOfFile: file)
            #expect(data.firstRange(of: seed) == nil)
            #expect(data.firstRange(of: Data(seed.base64EncodedString().utf8)) == nil)
        }
    }

    enum Fault: String, CaseIterable, Sendable {
        case missing, short, long, empty, readableByOthers, aDirectory, aLink, anotherKey, oneBit
    }

    @Test(arguments: Fault.allCases)
    func anEnrolledKioskRefusesAKeyThatIsNotItsOwn(_ fault: Fault) throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(2, to: journal)
        try journal.close()
        let path = fixture.files.key
        let seed = try Data(contentsOfFile: path)
        try put(fault, at: path, seed: seed)
        let error = try #require(throws: JournalError.self) { try fixture.openOrQuarantine() }
        guard case .key(path, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.exitStatus == 78)
        // Nothing was set aside, and the right file makes everything good again.
        rmdir(path)
        try? fixture.files.remove(path)
        try fixture.files.replace(path, with: seed)
        let again = try fixture.openOrQuarantine()
        #expect(again.setAside == nil)
        #expect(again.head?.sequence == 2)
    }

    private func put(_ fault: Fault, at path: String, seed: Data) throws {
        unlink(path)
        switch fault {
        case .missing: break
        case .short: try write(seed.dropLast(), path)
        case .long: try write(seed + Data([0]), path)
        case .empty: try write(Data(), path)
        case .readableByOthers:
            try write(seed, path)
            chmod(path, 0o640)
        case .aDirectory: mkdir(path, 0o700)
        case .aLink:
            try write(seed, path + ".elsewhere")
            symlink(path + ".elsewhere", path)
        case .anotherKey: try write(SigningKey().seed, path)
        case .oneBit:
            var changed = seed
            changed[5] ^= 4
            try write(changed, path)
        }
    }

    private func write(_ data: some DataProtocol, _ path: String) throws {
        try Data(data).write(to: URL(filePath: path))
        chmod(path, 0o600)
    }
}
