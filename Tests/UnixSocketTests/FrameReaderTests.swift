import FoundationEssentials
import Testing
import UnixSocket

@Suite struct FrameReaderTests {
    static let stream: [UInt8] = [0, 0, 0, 2, 65, 66, 0, 0, 0, 0, 0, 0, 0, 1, 67]

    @Test(arguments: 1...stream.count)
    func messagesAreTheSameInPiecesOfAnySize(size: Int) throws {
        var reader = FrameReader(maximumBytes: 16)
        var messages: [Data] = []
        for start in stride(from: 0, to: Self.stream.count, by: size) {
            reader.append(Self.stream[start..<min(start + size, Self.stream.count)])
            while let message = try reader.next() { messages.append(message) }
        }
        #expect(messages == [Data([65, 66]), Data(), Data([67])])
        #expect(reader.isBetweenMessages)
    }

    @Test func aPartIsNoMessage() throws {
        var reader = FrameReader(maximumBytes: 16)
        reader.append([0, 0, 0, 2, 65])
        #expect(try reader.next() == nil)
        #expect(!reader.isBetweenMessages)
    }

    @Test func aMessageOfTheLimitPassesAndOneByteMoreIsRefusedBeforeItComes() throws {
        var reader = FrameReader(maximumBytes: 3)
        reader.append([0, 0, 0, 3, 1, 2, 3])
        #expect(try reader.next() == Data([1, 2, 3]))
        reader.append([0, 0, 0, 4])
        #expect(throws: FrameTooLong.self) { try reader.next() }
    }

    @Test func afterATooLongMessageNothingIsBelieved() {
        var reader = FrameReader(maximumBytes: 3)
        reader.append([0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: FrameTooLong.self) { try reader.next() }
        reader.append([0, 0, 0, 1, 7])
        #expect(throws: FrameTooLong.self) { try reader.next() }
    }
}
