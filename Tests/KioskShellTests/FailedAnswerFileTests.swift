import Dialog
import Foundation
import Ratings
import Testing

@testable import KioskShell

@Suite struct FailedAnswerFileTests {
    @Test func theFailedAnswerIsFoundAgain() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "otsenka-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = FailedAnswerFile(folder: folder.path)
        #expect(file.read() == nil)
        let failed = FailedAnswer(session: SessionID(bits: 1), question: "term")
        file.write(failed)
        #expect(file.read() == failed)
        file.remove()
        #expect(file.read() == nil)
    }
}
