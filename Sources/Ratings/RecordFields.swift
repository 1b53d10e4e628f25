// Decoding the kinds of which a journal is full from one container.
//
// A collector decodes every record that it takes, and with Foundation's decoder each container costs as much as reading six
// fields: header, kind and body one after the other take twice as long as all of them together.

/// The fields of the header and of the bodies of `shown`, `answer` and `session`.
enum RecordField: String, CodingKey {
    case version = "v"
    case kind, kiosk, epoch
    case sequence = "seq"
    case boot
    case bootMilliseconds = "boot_ms"
    case wall, clock
    case previous = "prev"
    case session, questionnaire, language, visit
    case question, value, reasons, pass
    case elapsedMilliseconds = "elapsed_ms"
    case outcome
    case durationMilliseconds = "duration_ms"
    case flags, rules
}

typealias RecordFields = KeyedDecodingContainer<RecordField>

extension RecordFields {
    /// A value that is written as one string, without a container of its own.
    fileprivate func read<Value: RawRepresentable<String>>(_ field: RecordField) throws -> Value {
        guard let value = Value(rawValue: try decode(String.self, forKey: field)) else {
            throw DecodingError.dataCorruptedError(forKey: field, in: self, debugDescription: "not a \(Value.self)")
        }
        return value
    }
}

extension RecordHeader {
    init(_ fields: RecordFields) throws {
        self.init(
            version: try fields.decode(Int.self, forKey: .version), kiosk: try fields.read(.kiosk),
            epoch: try fields.decode(Int.self, forKey: .epoch),
            sequence: try fields.decode(Int64.self, forKey: .sequence),
            boot: try fields.decode(Int.self, forKey: .boot),
            bootMilliseconds: try fields.decode(Int64.self, forKey: .bootMilliseconds),
            wall: try fields.decode(String.self, forKey: .wall), clock: try fields.read(.clock),
            previous: try fields.decode(String.self, forKey: .previous))
    }
}

extension Shown {
    init(_ fields: RecordFields) throws {
        self.init(
            session: try fields.read(.session),
            questionnaire: try fields.decode(String.self, forKey: .questionnaire),
            language: try fields.decode(String.self, forKey: .language),
            visit: try fields.decode(Visit.self, forKey: .visit))
    }
}

extension Answer {
    init(_ fields: RecordFields) throws {
        self.init(
            session: try fields.read(.session), question: try fields.decode(String.self, forKey: .question),
            value: try fields.decodeIfPresent(Int.self, forKey: .value),
            reasons: try fields.decodeIfPresent([String].self, forKey: .reasons),
            pass: try fields.decodeIfPresent(Pass.self, forKey: .pass),
            language: try fields.decode(String.self, forKey: .language),
            elapsedMilliseconds: try fields.decode(Int.self, forKey: .elapsedMilliseconds))
    }
}

extension SessionEnd {
    init(_ fields: RecordFields) throws {
        self.init(
            session: try fields.read(.session), outcome: try fields.read(.outcome),
            durationMilliseconds: try fields.decode(Int.self, forKey: .durationMilliseconds),
            flags: try fields.decodeIfPresent([String].self, forKey: .flags),
            rules: try fields.decodeIfPresent(Int.self, forKey: .rules))
    }
}
