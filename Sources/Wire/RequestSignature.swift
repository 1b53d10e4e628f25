// Signatures of requests (RFC 9421) and digests of their bodies (RFC 9530).
//
// Constraints: the collector must be able to check a request before it reads the body; TLS may end at a load balancer, so
// the signature is over the method, the path and our own fields, not over the authority. Format: one signature named
// `otsenka`, algorithm ed25519, `keyid` the base64 of the transport key. Operations: `sign` and `verify`.

import Crypto
import FoundationEssentials
import Ledger
import RawStructuredFieldValues

/// The parts of a request that are signed. Field names are lowercase.
public struct RequestHead: Equatable, Sendable {
    public var method: String
    public var path: String
    public var fields: [String: String]

    public init(method: String, path: String, fields: [String: String] = [:]) {
        self.method = method
        self.path = path
        self.fields = fields
    }

    /// The value of one component in the signature base (RFC 9421 §2).
    fileprivate func value(of component: String) -> String? {
        let value =
            switch component {
            case "@method": method
            case "@path": path
            default: component.hasPrefix("@") ? nil : fields[component]?.trimmingOptionalWhitespace
            }
        // A line break inside a value could pass for the next line of the base; HTTP knows none, so neither do we.
        return value.flatMap { $0.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 }) ? nil : $0 }
    }
}

/// `Content-Digest` with SHA-256.
public enum ContentDigest {
    /// `sha-256=:…:` over the body as it is sent, compression included.
    public static func value(of body: Data) -> String {
        "sha-256=:\(Data(SHA256.hash(data: body)).base64EncodedString()):"
    }

    /// Whether the field names the SHA-256 of this body; other algorithms beside it are ignored.
    public static func matches(_ field: String, body: Data) -> Bool {
        var parser = StructuredFieldValueParser(Array(field.utf8))
        guard let digests = try? parser.parseDictionaryFieldValue(), case .item(let item) = digests["sha-256"],
            case .undecodedByteSequence(let text) = item.rfc9651BareItem
        else { return false }
        return Data(base64Encoded: text) == Data(SHA256.hash(data: body))
    }
}

/// Signing and verifying one request.
public enum RequestSignature {
    static let label = "otsenka"
    static let candidates = [
        "@method", "@path", "content-digest", "content-encoding", "content-type", "checkpoint", "head", "receipt",
        "otsenka-clock", "otsenka-transport",
    ]

    /// Adds `signature-input` and `signature` over every candidate component that the request has.
    /// `created` is the kiosk's own time, seconds since 1970: a label, since the kiosk's clock may be wrong.
    public static func sign(_ head: inout RequestHead, with key: SigningKey, created: Int64) throws {
        var components = BareInnerList()
        for name in candidates where head.value(of: name) != nil {
            components.append(Item(bareItem: RFC9651BareItem.string(name), parameters: [:]))
        }
        let parameters: OrderedMap<String, RFC9651BareItem> = [
            "created": .integer(created), "keyid": .string(key.publicKey.base64), "alg": .string("ed25519"),
        ]
        let list = InnerList(bareInnerList: components, parameters: parameters)
        let signature = try key.signature(over: base(of: head, list))
        head.fields["signature-input"] = try serialize([label: .innerList(list)])
        head.fields["signature"] = "\(label)=:\(signature.base64EncodedString()):"
    }

    /// The key that signed, before anything is checked: to find the kiosk it belongs to.
    public static func keyID(of head: RequestHead) -> PublicKey? {
        guard let list = input(of: head), case .string(let text) = list.rfc9651Parameters["keyid"] else { return nil }
        return PublicKey(base64: text)
    }

    /// When the kiosk signed by its own clock, seconds since 1970; nothing if the signature does not say.
    public static func created(of head: RequestHead) -> Int64? {
        guard let list = input(of: head), case .integer(let time) = list.rfc9651Parameters["created"] else {
            return nil
        }
        return time
    }

    /// Throws `SignatureError` unless `key` signed the method, the path and every field of `required` that must be there.
    public static func verify(_ head: RequestHead, by key: PublicKey, required: [String]) throws(SignatureError) {
        guard let list = input(of: head) else { throw .missing }
        var covered: Set<String> = []
        for item in list.bareInnerList {
            guard case .string(let name) = item.rfc9651BareItem, item.rfc9651Parameters.isEmpty,
                candidates.contains(name),
                covered.insert(name).inserted
            else { throw .malformed }
        }
        for name in ["@method", "@path"] + required where !covered.contains(name) { throw .uncovered(name) }
        for name in candidates.dropFirst(2) where head.fields[name] != nil && !covered.contains(name) {
            throw .uncovered(name)
        }
        // Keys are compared as bytes: Swift's strings are equal when their characters are, spelled in whatever code points.
        guard case .string("ed25519") = list.rfc9651Parameters["alg"], keyID(of: head) == key else { throw .otherKey }
        guard let signature = signature(of: head), let message = try? base(of: head, list) else { throw .malformed }
        guard key.verifies(signature, over: message) else { throw .invalid }
    }

    private static func input(of head: RequestHead) -> InnerList? {
        guard let field = head.fields["signature-input"] else { return nil }
        var parser = StructuredFieldValueParser(Array(field.utf8))
        guard let inputs = try? parser.parseDictionaryFieldValue(), case .innerList(let list) = inputs[label] else {
            return nil
        }
        return list
    }

    private static func signature(of head: RequestHead) -> Data? {
        guard let field = head.fields["signature"] else { return nil }
        var parser = StructuredFieldValueParser(Array(field.utf8))
        guard let signatures = try? parser.parseDictionaryFieldValue(), case .item(let item) = signatures[label],
            case .undecodedByteSequence(let text) = item.rfc9651BareItem
        else { return nil }
        return Data(base64Encoded: text)
    }

    /// The signature base of RFC 9421 §2.5.
    private static func base(of head: RequestHead, _ list: InnerList) throws -> Data {
        var lines: [String] = []
        for item in list.bareInnerList {
            guard case .string(let name) = item.rfc9651BareItem, let value = head.value(of: name) else {
                throw SignatureError.malformed
            }
            lines.append("\"\(name)\": \(value)")
        }
        lines.append("\"@signature-params\": \(try parameters(of: list))")
        return Data(lines.joined(separator: "\n").utf8)
    }

    /// The inner list with its parameters, spelled as RFC 9651 serialises it.
    private static func parameters(of list: InnerList) throws -> String {
        String(try serialize([label: .innerList(list)]).dropFirst(label.count + 1))
    }

    private static func serialize(_ dictionary: OrderedMap<String, ItemOrInnerList>) throws -> String {
        var serializer = StructuredFieldValueSerializer()
        return String(decoding: try serializer.writeDictionaryFieldValue(dictionary), as: UTF8.self)
    }
}

/// Why a request is not believed to be the kiosk's.
public enum SignatureError: Error, Equatable, CustomStringConvertible {
    case missing, malformed, otherKey, invalid
    /// A field that matters is not under the signature.
    case uncovered(String)

    public var description: String {
        switch self {
        case .missing: "the request is not signed (Signature-Input is missing)"
        case .malformed: "the request's signature cannot be read"
        case .otherKey: "the request is signed with another key than the kiosk's transport key"
        case .invalid: "the request's signature does not verify"
        case .uncovered(let name): "the request's signature does not cover \(name)"
        }
    }
}

extension String {
    fileprivate var trimmingOptionalWhitespace: String {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
