// One key takes the place of another: the succession of keys.
//
// Constraints: whoever believes the old key must be able to believe the new one from the text alone, over any number of
// steps and years later, with other people's tools. Format: a C2SP signed note (SignedNote.swift) over five lines:
//   otsenka/key/<role>/<subject>
//   <generation of the new key; the first key that a subject ever had is generation 1>
//   <old key>
//   <new key>
//   <seconds since 1970, a label>
// Keys are 32 bytes in standard base64: Ed25519 public keys, and for the role `pin` the SHA-256 of the authority's PEM
// text as the collector hands it out. All signatures stand under the subject's name:
//   role       subject            the old key speaks through        and, to show that it is there
//   journal    kiosk              the old journal key               the new journal key
//   transport  kiosk              the kiosk's journal key           the new transport key
//   receipt    collector          the old receipt key               the new receipt key
//   release    who releases       the old release key               the new release key
//   pin        collector          the collector's receipt key       –
// The old key of a transport succession is the one that the kiosk was enrolled with, however often it has changed since.
// Operations: make one, parse (which checks the new key's own signature), `verify(by:)`, and follow several of them from
// a key that is believed (`KeySuccession.path`, `JournalKeys`).

import FoundationEssentials

/// What a key is for.
public enum KeyRole: String, Codable, Sendable, CaseIterable {
    case journal, transport, receipt, release
    /// The TLS authority that a kiosk believes.
    case pin
}

/// “This key follows that one”, signed.
public struct KeySuccession: Hashable, Sendable {
    public let role: KeyRole
    /// Whose key it is: a kiosk's id, or the name under which a collector or a releaser signs.
    public let subject: String
    /// Of the new key; 2 for the first succession.
    public let generation: Int
    /// 32 bytes, see the head of this file.
    public let old: Data
    public let new: Data
    /// When it was made, seconds since 1970, on the clock of whoever made it: a label.
    public let time: Int64
    /// The whole note, as it is sent and kept.
    public let serialized: String

    /// The greatest generation that is believed: nobody changes a key that often.
    public static let maximumGeneration = 1_000_000
    /// The most successions that one answer, file or record of them may hold.
    public static let maximumCount = 64

    /// Makes the succession of a signing key; `signers` are the keys through which the old one speaks.
    public init(
        _ role: KeyRole, of subject: String, generation: Int, from old: PublicKey, to new: SigningKey, time: Int64,
        signedBy signers: [SigningKey]
    ) throws {
        try self.init(
            role, subject, generation, old: old.bytes, new: new.publicKey.bytes, time: time, signers: signers + [new])
    }

    /// Makes the succession of a TLS authority: `old` and `new` are `authorityDigest`s of its PEM texts.
    public init(
        pinOf collector: String, generation: Int, from old: Data, to new: Data, time: Int64, signedBy key: SigningKey
    ) throws {
        try self.init(.pin, collector, generation, old: old, new: new, time: time, signers: [key])
    }

    private init(
        _ role: KeyRole, _ subject: String, _ generation: Int, old: Data, new: Data, time: Int64,
        signers: [SigningKey]
    ) throws {
        self.role = role
        self.subject = subject
        self.generation = generation
        self.old = old
        self.new = new
        self.time = time
        var note = SignedNote(text: Self.text(role, subject, generation, old, new, time))
        for key in signers { try note.sign(as: subject, with: key) }
        serialized = note.serialized
    }

    /// The same succession with one more signature: the keys of one succession may be in different programs.
    public func signed(with key: SigningKey) throws -> KeySuccession {
        var note = try SignedNote(parsing: serialized)
        try note.sign(as: subject, with: key)
        return try KeySuccession(parsing: note.serialized)
    }

    /// Reads a succession and checks that its new key signed it where that key can sign. Whether the old one did is for
    /// `verify(by:)`. Throws `SuccessionError`.
    public init(parsing text: String) throws(SuccessionError) {
        guard let note = try? SignedNote(parsing: text), let read = Self.fields(of: note.text) else {
            throw .malformed
        }
        (role, subject, generation, old, new, time) = read
        serialized = text
        guard role != .pin else { return }
        guard let key = PublicKey(bytes: new), (try? note.verify(signedAs: subject, by: key)) != nil else {
            throw .unproved
        }
    }

    /// Throws `SuccessionError.unsigned` unless the key signed it through which the old one must speak (see the head of
    /// this file): for `journal`, `receipt` and `release` that is the old key itself.
    public func verify(by key: PublicKey) throws(SuccessionError) {
        guard let note = try? SignedNote(parsing: serialized), (try? note.verify(signedAs: subject, by: key)) != nil
        else { throw .unsigned }
        switch role {
        case .journal, .receipt, .release: guard key.bytes == old else { throw .unsigned }
        case .transport, .pin: break
        }
    }

    /// The new key where it is a signing key.
    public var newKey: PublicKey? { role == .pin ? nil : PublicKey(bytes: new) }
    public var oldKey: PublicKey? { role == .pin ? nil : PublicKey(bytes: old) }

    /// What the role `pin` names an authority by: the SHA-256 of its PEM text, byte for byte.
    public static func authorityDigest(_ pem: String) -> Data { ChainHash(of: Data(pem.utf8)).bytes }

    private static func text(
        _ role: KeyRole, _ subject: String, _ generation: Int, _ old: Data, _ new: Data, _ time: Int64
    ) -> String {
        """
        otsenka/key/\(role.rawValue)/\(subject)
        \(generation)
        \(old.base64EncodedString())
        \(new.base64EncodedString())
        \(time)

        """
    }

    private static func fields(of text: String) -> (KeyRole, String, Int, Data, Data, Int64)? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 6 else { return nil }
        let origin = lines[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard origin.count == 4, let role = KeyRole(rawValue: origin[2]), let generation = Int(lines[1]),
            (2...maximumGeneration).contains(generation), let old = Data(base64Encoded: lines[2]), old.count == 32,
            let new = Data(base64Encoded: lines[3]), new.count == 32, old != new, let time = Int64(lines[4]), time >= 0,
            // One spelling only: what is signed is what we would have written.
            Self.text(role, origin[3], generation, old, new, time).utf8.elementsEqual(text.utf8)
        else { return nil }
        return (role, origin[3], generation, old, new, time)
    }
}

extension KeySuccession {
    /// The successions that lead from `root` on, in order: each is of this role and subject, signed by the key before
    /// it, and of a higher generation. What does not follow is left out; an endless circle is cut by the generations.
    ///
    /// For `journal`, `receipt` and `release`: to trust a receipt key from a root, see whether the key is `root` or a
    /// `new` of this path.
    public static func path(
        _ role: KeyRole, of subject: String, from root: PublicKey, over successions: [KeySuccession]
    ) -> [KeySuccession] {
        var path: [KeySuccession] = []
        var key = root
        var generation = 1
        while path.count < maximumCount {
            let next = successions.filter { succession in
                succession.role == role && succession.subject == subject && succession.old == key.bytes
                    && succession.generation > generation && (try? succession.verify(by: key)) != nil
            }.min { $0.generation < $1.generation }
            guard let next, let new = next.newKey else { break }
            path.append(next)
            key = new
            generation = next.generation
        }
        return path
    }

    /// Every key that may be believed for this role and subject, the root first and the newest last.
    public static func keys(
        _ role: KeyRole, of subject: String, from root: PublicKey, over successions: [KeySuccession]
    ) -> [PublicKey] {
        [root] + path(role, of: subject, from: root, over: successions).compactMap(\.newKey)
    }

    /// Several notes in one text, as a file or a route holds them: each ends with an empty line.
    public static func join(_ successions: [KeySuccession]) -> String {
        successions.map { $0.serialized + "\n" }.joined()
    }

    /// Reads what `join` wrote. Throws `SuccessionError` for more than `maximumCount` or for one that cannot be read.
    public static func split(_ text: String) throws(SuccessionError) -> [KeySuccession] {
        var successions: [KeySuccession] = []
        var lines: [Substring] = []
        var blanks = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty, lines.isEmpty { continue }
            // The first empty line stands between text and signatures, the second one ends the note.
            if line.isEmpty { blanks += 1 }
            lines.append(line)
            guard blanks == 2 else { continue }
            guard successions.count < maximumCount else { throw .malformed }
            successions.append(try KeySuccession(parsing: lines.dropLast().map { $0 + "\n" }.joined()))
            lines = []
            blanks = 0
        }
        guard lines.isEmpty else { throw .malformed }
        return successions
    }
}

/// Why a succession is not believed.
public enum SuccessionError: Error, Equatable, CustomStringConvertible {
    case malformed
    /// The new key did not sign: whoever asks does not hold it.
    case unproved
    /// The old key did not sign.
    case unsigned
    /// It is another key's, subject's or generation's than comes next.
    case outOfPlace

    public var description: String {
        switch self {
        case .malformed: "this is not the note of a key's succession"
        case .unproved: "the new key has not signed its own succession"
        case .unsigned: "the key that must vouch for the new one has not signed the succession"
        case .outOfPlace: "the succession does not follow the key that is held"
        }
    }
}
