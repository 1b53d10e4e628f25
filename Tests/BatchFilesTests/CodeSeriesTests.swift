import Foundation
import SeededRandom
import Testing

@testable import BatchFiles

@Suite struct CodeSeriesTests {
    static func bytes(_ count: Int, seed: UInt64 = 1) -> Data {
        var random = SplitMix(seed)
        return Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }

    /// The examples of RFC 9285, 4.3 and 4.4.
    @Test(arguments: [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")])
    func base45IsThatOfTheStandard(_ example: (String, String)) {
        #expect(Base45.encode(Data(example.0.utf8)) == example.1)
        #expect(Base45.decode(Substring(example.1)) == Data(example.0.utf8))
    }

    /// RFC 9285, 6: what would be more than two bytes, or is no digit, is refused.
    @Test(arguments: ["GGW", "::: ", ":::", "A", "ABCD", "ab8", "::", "Ж"])
    func otherTextIsNoBase45(_ text: String) { #expect(Base45.decode(Substring(text)) == nil) }

    @Test(arguments: [0, 1, 2, 629, 630, 631, 5000, 28_001])
    func aSeriesInAnyOrderWithRepeatsIsWhole(_ count: Int) throws {
        let data = Self.bytes(count)
        let texts = try #require(CodeSeries.texts(of: data, kind: .batch))
        #expect(texts.count == CodeSeries.count(of: count))
        let alphanumeric = Set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
        #expect(texts.allSatisfy { $0.count <= CodeSeries.charactersPerCode && $0.allSatisfy(alphanumeric.contains) })
        #expect(texts.allSatisfy { $0.last != " " })
        var reader = CodeReader()
        for text in (texts + texts).shuffled() { #expect(reader.read("  " + text + "\r\n") == .part) }
        #expect(reader.missing.isEmpty)
        #expect(reader.broken.isEmpty)
        #expect(reader.whole.map(\.data) == [data])
    }

    @Test func missingCodesAreNamed() throws {
        let texts = try #require(CodeSeries.texts(of: Self.bytes(3000), kind: .receipt))
        var reader = CodeReader()
        for (index, text) in texts.enumerated() where ![1, 3].contains(index) { _ = reader.read(text) }
        #expect(reader.missing.map(\.parts) == [[2, 4]])
        #expect(reader.whole.isEmpty)
    }

    @Test func oneMisreadLetterIsNoticed() throws {
        let text = try #require(CodeSeries.texts(of: Self.bytes(100), kind: .batch)?.first)
        for index in text.indices {
            var reader = CodeReader()
            let other = text[index] == "A" ? "B" : "A"
            #expect(reader.read(text.replacingCharacters(in: index...index, with: other)) == .unreadable)
        }
    }

    @Test func partsThatDoNotMakeUpTheSeriesAreBroken() throws {
        let data = Self.bytes(1000)
        let texts = try #require(CodeSeries.texts(of: data, kind: .batch))
        // A part with a right sum of its own and other data: somebody made it.
        let parts = texts[1].split(separator: ":", maxSplits: 4)
        let forged = parts[..<4].joined(separator: ":") + ":" + Base45.encode(Self.bytes(370, seed: 2)) + ":"
        var reader = CodeReader()
        #expect(reader.read(texts[0]) == .part)
        #expect(reader.read(forged + CodeSeries.sum(of: forged)) == .part)
        #expect(reader.whole.isEmpty)
        #expect(reader.broken == [CodeSeries.id(of: data)])
    }

    @Test func severalSeriesInOneFileAreKeptApart() throws {
        let all = [Self.bytes(2000), Self.bytes(50, seed: 3), Self.bytes(700, seed: 4)]
        let texts = try all.flatMap { try #require(CodeSeries.texts(of: $0, kind: .batch)) }
        var reader = CodeReader()
        for text in texts.shuffled() { _ = reader.read(text) }
        #expect(Set(reader.whole.map(\.data)) == Set(all))
    }

    @Test func whatIsTooLongForASeriesIsNone() {
        #expect(CodeSeries.texts(of: Data(count: CodeSeries.bytesPerCode * 999), kind: .batch)?.count == 999)
        #expect(CodeSeries.texts(of: Data(count: CodeSeries.bytesPerCode * 999 + 1), kind: .batch) == nil)
    }

    @Test func otherCodesAreLeftAlone() {
        var reader = CodeReader()
        #expect(reader.read("") == .empty)
        #expect(reader.read("https://example.org") == .unreadable)
        #expect(reader.read("OTSENKA1:B:0000000000000000:1/0::") == .unreadable)
        #expect(reader.missing.isEmpty)
    }
}
