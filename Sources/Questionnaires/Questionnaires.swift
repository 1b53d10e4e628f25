import Glibc
import Ratings

/// Reads questionnaires: from a file, from a text, or the one that is built in.
public enum Questionnaires {
    /// A questionnaire with the bytes that it was read from: whoever records what took effect hashes these.
    public struct Source: Equatable, Sendable {
        public var questionnaire: Questionnaire
        public var bytes: [UInt8]
    }

    /// The questionnaire that is built in, `default@1`.
    public static let embedded: Source = {
        do {
            return try parse(bytes: PackageResources.default_yaml, name: "(built in)")
        } catch {
            preconditionFailure("the built-in questionnaire is broken: \(error)")
        }
    }()

    /// Reads a file of at most `QuestionnaireLimits.bytes`.
    public static func load(path: String) throws(QuestionnaireError) -> Source {
        try parse(bytes: read(path), name: path)
    }

    /// - Parameter name: stands for the file in errors.
    public static func parse(yaml: String, name: String) throws(QuestionnaireError) -> Questionnaire {
        try parse(bytes: Array(yaml.utf8), name: name).questionnaire
    }

    /// - Parameter name: stands for the file in errors.
    public static func parse(bytes: [UInt8], name: String) throws(QuestionnaireError) -> Source {
        guard bytes.count <= QuestionnaireLimits.bytes else { throw tooLarge(name) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw QuestionnaireError(
                file: name, cause: "it is not UTF-8", nextStep: "save it again with the encoding UTF-8")
        }
        let reader = QuestionnaireReader(file: name)
        return Source(questionnaire: try reader.read(text), bytes: bytes)
    }

    private static func read(_ path: String) throws(QuestionnaireError) -> [UInt8] {
        func failure(_ call: String, _ code: Int32) -> QuestionnaireError {
            QuestionnaireError(
                file: path, cause: "\(call): \(String(cString: strerror(code)))",
                nextStep: "correct the path or its permissions in the settings")
        }
        // O_NONBLOCK: a path that is a FIFO must not hang the start; on a regular file it does nothing.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure("open", errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", errno) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= QuestionnaireLimits.bytes else { throw tooLarge(path) }
        }
    }

    private static func tooLarge(_ name: String) -> QuestionnaireError {
        QuestionnaireError(
            file: name, cause: "it has more than \(QuestionnaireLimits.bytes) bytes",
            nextStep: "shorten it, or name the right file in the settings")
    }
}
