import FoundationEssentials

/// One way by which bytes from outside come in: a network, a socket, a file, a device.
///
/// `take` must come back from any bytes; where they are accepted it also checks what must then hold, and stops the
/// program when it does not, so that a fuzzer sees it.
public struct Decoder: Sendable {
    public let name: String
    /// The sources whose lines a corpus must reach, below `Sources`.
    public let sources: [String]
    /// What a well-meaning peer sends: where the corpus starts.
    public let seeds: @Sendable () throws -> [Data]
    public let take: @Sendable (Data) -> Void

    init(
        _ name: String, sources: [String], seeds: @escaping @Sendable () throws -> [Data],
        take: @escaping @Sendable (Data) -> Void
    ) {
        self.name = name
        self.sources = sources
        self.seeds = seeds
        self.take = take
    }

    public static let all: [Decoder] = [
        .record, .note, .request, .batch, .gzip, .enrolment, .answer, .frames, .questionnaire, .input, .heads, .export,
        .succession, .batchFile, .codes, .maintenance,
    ]

    public static func named(_ name: String) -> Decoder? { all.first { $0.name == name } }
}

/// Stops the program: a decoder accepted what it must not, or changed what it read.
func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { preconditionFailure("the decoder \(what())") }
}

/// Bytes cut at each `separator`, at most `most` parts: one input for decoders that take several.
func parts(of data: Data, most: Int, separator: UInt8 = 0) -> [Data] {
    data.split(separator: separator, maxSplits: most - 1, omittingEmptySubsequences: false).map { Data($0) }
}

extension Data {
    var text: String { String(decoding: self, as: UTF8.self) }
    init(_ text: String) { self.init(text.utf8) }

    /// `parts` with a zero byte between them.
    static func joined(_ parts: [Data]) -> Data { Data(parts.joined(separator: [0])) }
}
