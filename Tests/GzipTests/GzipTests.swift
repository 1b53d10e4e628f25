import FoundationEssentials
import Gzip
import Testing

@Suite struct GzipTests {
    @Test(arguments: [0, 1, 255, 4096, 262_144], [1, 6, 9])
    func whatWasCompressedComesBack(length: Int, level: Int) throws {
        var state: UInt64 = 1
        let bytes = Data(
            (0..<length).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(state >> 61)
            })
        let packed = try Gzip.compress(bytes, level: level)
        #expect(try Gzip.decompress(packed, atMost: length) == bytes)
        #expect(try Gzip.compress(bytes, level: level) == packed)
    }

    @Test func theToolsOwnGzipIsRead() throws {
        // printf 'otsenka\n' | gzip -9n | xxd -p, by gzip 1.12
        let packed = Data([
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
            0xcb, 0x2f, 0x29, 0x4e, 0xcd, 0xcb, 0x4e, 0xe4, 0x02, 0x00, 0x1d, 0x09,
            0xe2, 0xab, 0x08, 0x00, 0x00, 0x00,
        ])
        #expect(try Gzip.decompress(packed, atMost: 64) == Data("otsenka\n".utf8))
    }

    @Test func aBombIsRefusedByItsSize() throws {
        let bomb = try Gzip.compress(Data(count: 16 << 20), level: 9)
        #expect(bomb.count < 20_000)
        #expect(throws: GzipError.tooLong(limit: 1 << 18)) { try Gzip.decompress(bomb, atMost: 1 << 18) }
    }

    @Test func oneByteOverTheLimitIsTooLong() throws {
        let packed = try Gzip.compress(Data(count: 100))
        #expect(try Gzip.decompress(packed, atMost: 100).count == 100)
        #expect(throws: GzipError.tooLong(limit: 99)) { try Gzip.decompress(packed, atMost: 99) }
    }

    @Test func everyTruncationIsRefused() throws {
        let packed = try Gzip.compress(Data("a line of records\n".utf8))
        for length in 0..<packed.count {
            #expect(throws: GzipError.truncated) { try Gzip.decompress(packed.prefix(length), atMost: 1000) }
        }
    }

    @Test func everyFlippedByteOfTheBodyOrItsSumIsNoticed() throws {
        let bytes = Data("a line of records\n".utf8)
        let packed = try Gzip.compress(bytes)
        for index in 10..<packed.count {
            var damaged = packed
            damaged[index] ^= 0x01
            #expect(throws: GzipError.self) { try Gzip.decompress(damaged, atMost: 1000) }
        }
    }

    @Test func whatFollowsTheMemberIsRefused() throws {
        let packed = try Gzip.compress(Data("a".utf8))
        #expect(throws: GzipError.trailingBytes(1)) { try Gzip.decompress(packed + [0], atMost: 10) }
        #expect(throws: GzipError.trailingBytes(packed.count)) { try Gzip.decompress(packed + packed, atMost: 10) }
    }

    @Test(arguments: ["", "otsenka", "<html>"])
    func textIsNotGzip(text: String) {
        #expect(throws: GzipError.self) { try Gzip.decompress(Data(text.utf8), atMost: 10) }
    }
}
